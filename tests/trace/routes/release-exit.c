// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Release: the end of the process, with everything still mapped and open: all of it goes at "exit",
 * and the books, which are closed before, balance.
 */
#include "route.h"

enum { SHARED = 3000, ANON = 2000 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(SHARED);
	char *shared = map_shared(fd, SHARED), *anon = map_anon(ANON);

	(void)argc, (void)argv;
	touch_read(shared, SHARED);
	touch_write(anon, ANON);
	check_equal("st_blocks in pages", memfd_pages(fd), SHARED);
	check_equal("Anonymous in smaps", smaps_pages(anon, "Anonymous"), ANON);

	expect("populated %d " OF_MEMFD, SHARED);
	expect("zero_populated %d " OF_MEMFD, SHARED);
	expect("populated %d " OF_ANON " symbol=touch_write", ANON);
	expect("released 0 syscall=madvise");
	expect("released %d " OF_MEMFD " syscall=exit", SHARED);
	expect("residual 0 " OF_MEMFD);
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
