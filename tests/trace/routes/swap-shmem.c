// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kept apart: memfd pages that went to swap and came back, by reads and by writes. They leave and
 * return without the events of the page cache; st_blocks never moves.
 */
#include "route.h"

enum { PAGES = 2048 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(PAGES);
	char *mem = map_shared(fd, PAGES);

	(void)argc, (void)argv;
	swap_need(PAGES);
	reclaim_prepare();
	touch_write(mem, PAGES);
	page_out_of_memory(mem, PAGES);
	check_equal("st_blocks while in swap", memfd_pages(fd), PAGES);
	touch_again(mem, PAGES);
	check_equal("Swap after touching again", smaps_pages(mem, "Swap"), 0);
	check_equal("st_blocks in pages", memfd_pages(fd), PAGES);

	expect("populated %d " OF_MEMFD, PAGES);
	expect("populated %d " OF_MEMFD " symbol=touch_write", PAGES);
	expect("populated 0 symbol=touch_again");
	expect("zero_populated 0 " OF_MEMFD);
	expect("released 0 " OF_MEMFD);
	expect("released 0 syscall=madvise");
	expect("kernel %d " OF_MEMFD, PAGES);
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
