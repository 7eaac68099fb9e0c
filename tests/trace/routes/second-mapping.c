// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kept apart: a second mapping of a populated memfd. Its faults map what is there, sixteen pages
 * each or so by fault-around, and populate nothing.
 */
#include "route.h"

enum { PAGES = 4096 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(PAGES);
	char *first = map_shared(fd, PAGES), *second = map_shared(fd, PAGES);
	long faults;

	(void)argc, (void)argv;
	touch_write(first, PAGES);
	check_equal("st_blocks in pages", memfd_pages(fd), PAGES);
	faults = minor_faults();
	touch_again(second, PAGES);
	faults = minor_faults() - faults;
	if (faults <= 0 || faults > PAGES)
		fail("%ld page faults in the second mapping", faults);
	check_equal("st_blocks in pages", memfd_pages(fd), PAGES);

	expect("populated %d " OF_MEMFD, PAGES);
	expect("populated %d " OF_MEMFD " symbol=touch_write", PAGES);
	expect("populated 0 symbol=touch_again");
	expect("zero_populated 0 symbol=touch_again");
	expect("faults %ld symbol=touch_again", faults);
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
