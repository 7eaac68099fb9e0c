// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A memory cgroup with room for half of a memfd that is only read: pages of holes were never
 * written, so the kernel drops them without asking swap. What it dropped is released, and populated
 * once more when it is read again.
 */
#include "route.h"

enum { PAGES = 4096 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(PAGES);
	char *mem = map_shared(fd, PAGES);
	long kept, dropped, faults;

	(void)argc, (void)argv;
	swap_need(PAGES); /* without any, memory of files in memory is not looked at */
	reclaim_prepare();
	memory_limit(PAGES / 2);
	touch_read(mem, PAGES);
	kept = memfd_pages(fd);
	dropped = PAGES - kept;
	if (dropped < PAGES / 2)
		fail("only %ld of %d pages were dropped", dropped, PAGES);
	memory_limit(4 * PAGES);
	faults = minor_faults();
	touch_again(mem, PAGES);
	faults = minor_faults() - faults;
	check_equal("st_blocks in pages", memfd_pages(fd), PAGES);

	expect("populated %d symbol=touch_read", PAGES);
	expect("populated %ld symbol=touch_again", dropped);
	expect("zero_populated %ld " OF_MEMFD, PAGES + dropped);
	expect("released %ld " OF_MEMFD, dropped);
	expect("faults %ld symbol=touch_again", faults);
	expect("kernel %d " OF_MEMFD, PAGES);
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
