// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * race-same [PAGES]: 64 threads all read the same pages of a memfd at once, from the same one on.
 * Several of them allocate for one hole and all but one give theirs up: what counts is the pages
 * that stayed. A second memfd is written in the same manner.
 */
#include <stdlib.h>

#include "route.h"

enum { THREADS = 64 };

static size_t pages = 16384;
static char *to_read, *to_write;

static void touch_all(size_t index)
{
	(void)index;
	touch_read(to_read, pages);
	touch_write(to_write, pages / 4);
}

static void run(int argc, char **argv)
{
	int read_fd, write_fd;

	if (argc > 1)
		pages = strtoul(argv[1], NULL, 10);
	read_fd = route_memfd(pages);
	write_fd = route_memfd(pages / 4);
	to_read = map_shared(read_fd, pages);
	to_write = map_shared(write_fd, pages / 4);
	run_threads(THREADS, touch_all);
	check_equal("st_blocks of what was read", memfd_pages(read_fd), (long)pages);
	check_equal("st_blocks of what was written", memfd_pages(write_fd), (long)pages / 4);

	expect("populated %zu " OF_MEMFD, pages + pages / 4);
	expect("populated %zu " OF_MEMFD " access=read symbol=touch_read", pages);
	expect("populated %zu " OF_MEMFD " access=write symbol=touch_write", pages / 4);
	expect("zero_populated %zu " OF_MEMFD, pages);
	expect("released 0 " OF_MEMFD);
	expect("kernel %zu " OF_MEMFD, pages + pages / 4);
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run, .flags = ROUTE_ANY_CPU};
