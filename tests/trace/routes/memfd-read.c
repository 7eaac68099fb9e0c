// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * User faults, reads of a hole: each page of an empty shared memfd is read once. Every read
 * allocates a page, and every one of them is zero by construction.
 */
#include "route.h"

enum { PAGES = 4096 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(PAGES);
	char *mem = map_shared(fd, PAGES);
	long faults = minor_faults();

	(void)argc, (void)argv;
	touch_read(mem, PAGES);
	check_equal("page faults", minor_faults() - faults, PAGES);
	check_equal("st_blocks in pages", memfd_pages(fd), PAGES);

	expect("populated %d " OF_MEMFD, PAGES);
	expect("populated %d " OF_MEMFD " access=read context=user symbol=touch_read", PAGES);
	expect("zero_populated %d " OF_MEMFD, PAGES);
	expect("released 0 " OF_MEMFD);
	expect("faults %d symbol=touch_read access=read context=user", PAGES);
	expect("kernel %d " OF_MEMFD, PAGES);
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
