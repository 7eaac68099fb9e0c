// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kept apart: a second mapping of an ordinary file whose pages are in the page cache. Its faults
 * map what is there and populate nothing.
 */
#include "route.h"

enum { PAGES = 2048 };

static void run(int argc, char **argv)
{
	int fd = hole_file(PAGES);
	char *first = map_shared(fd, PAGES), *second = map_shared(fd, PAGES);

	(void)argc, (void)argv;
	touch_write(first, PAGES);
	check_cached(first, PAGES, PAGES);
	touch_again(second, PAGES);
	check_cached(first, PAGES, PAGES);

	expect("populated %d " OF_DISK, PAGES);
	expect("populated %d " OF_DISK " symbol=touch_write", PAGES);
	expect("populated 0 symbol=touch_again");
	expect("zero_populated 0 symbol=touch_again");
	expect("kernel %d " OF_DISK, PAGES);
	expect("residual 0 " OF_DISK);
}

const struct route route = {.run = run};
