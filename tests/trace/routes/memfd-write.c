// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * User faults, writes to a hole: each page of an empty shared memfd is written once. Every write
 * allocates a page that was needed: none of them counts as zero.
 */
#include "route.h"

enum { PAGES = 4096 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(PAGES);
	char *mem = map_shared(fd, PAGES);
	long faults = minor_faults();

	(void)argc, (void)argv;
	touch_write(mem, PAGES);
	check_equal("page faults", minor_faults() - faults, PAGES);
	check_equal("st_blocks in pages", memfd_pages(fd), PAGES);

	expect("populated %d " OF_MEMFD, PAGES);
	expect("populated %d " OF_MEMFD " access=write context=user symbol=touch_write", PAGES);
	expect("zero_populated 0 " OF_MEMFD);
	expect("released 0 " OF_MEMFD);
	expect("faults %d symbol=touch_write access=write context=user", PAGES);
	expect("kernel %d " OF_MEMFD, PAGES);
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
