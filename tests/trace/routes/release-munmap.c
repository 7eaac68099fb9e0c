// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Release: munmap() gives anonymous pages back. Pages of a memfd stay, the memfd is still open.
 */
#include <sys/mman.h>

#include "route.h"

enum { SHARED = 2048, ANON = 3000 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(SHARED);
	char *shared = map_shared(fd, SHARED), *anon = map_anon(ANON);

	(void)argc, (void)argv;
	touch_write(shared, SHARED);
	touch_write(anon, ANON);
	check_equal("Anonymous before", smaps_pages(anon, "Anonymous"), ANON);
	drain_lru_batches();
	check_call("munmap of a memfd", !munmap(shared, SHARED * page_size));
	check_call("munmap", !munmap(anon, ANON * page_size));
	check_equal("st_blocks in pages", memfd_pages(fd), SHARED);

	expect("populated %d " OF_MEMFD, SHARED);
	expect("populated %d " OF_ANON " symbol=touch_write", ANON);
	expect("released %d syscall=munmap", ANON);
	expect("released 0 " OF_MEMFD);
	expect("kernel %d " OF_MEMFD, SHARED);
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
