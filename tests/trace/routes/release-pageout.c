// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Release: MADV_PAGEOUT gives nothing back. Anonymous memory stays the process's in swap, a memfd
 * keeps its blocks.
 */
#include "route.h"

enum { SHARED = 1024, ANON = 1024 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(SHARED);
	char *shared = map_shared(fd, SHARED), *anon = map_anon(ANON);

	(void)argc, (void)argv;
	swap_need(SHARED + ANON);
	touch_write(shared, SHARED);
	touch_write(anon, ANON);
	page_out(shared, SHARED);
	page_out(anon, ANON);
	check_equal("st_blocks in pages", memfd_pages(fd), SHARED);

	expect("populated %d symbol=touch_write " OF_ANON, ANON);
	expect("populated %d symbol=touch_write " OF_MEMFD, SHARED);
	expect("released 0 syscall=madvise");
	expect("advice_released 0 call=madvise behavior=MADV_PAGEOUT");
	expect("residual 0 " OF_MEMFD);
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
