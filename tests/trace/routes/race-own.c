// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * race-own [PAGES]: 64 threads fault at once, each on pages of its own: half of them read a memfd,
 * half write anonymous memory. Not one may be lost or counted twice.
 */
#include <stdlib.h>

#include "route.h"

enum { THREADS = 64 };

static size_t each = 256;
static char *shared, *anon;

static void touch_own(size_t index)
{
	size_t offset = index / 2 * each * page_size;

	if (index % 2)
		touch_write(anon + offset, each);
	else
		touch_read(shared + offset, each);
}

static void run(int argc, char **argv)
{
	size_t half;
	int fd;

	if (argc > 1)
		each = strtoul(argv[1], NULL, 10) / THREADS;
	half = THREADS / 2 * each;
	fd = route_memfd(half);
	shared = map_shared(fd, half);
	anon = map_anon(half);
	run_threads(THREADS, touch_own);
	check_equal("st_blocks in pages", memfd_pages(fd), (long)half);
	check_equal("Anonymous in smaps", smaps_pages(anon, "Anonymous"), (long)half);

	expect("populated %zu " OF_MEMFD, half);
	expect("zero_populated %zu " OF_MEMFD, half);
	expect("populated %zu " OF_MEMFD " access=read context=user symbol=touch_read", half);
	expect("populated %zu " OF_ANON " access=write context=user symbol=touch_write", half);
	expect("residual 0 " OF_MEMFD);
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run, .flags = ROUTE_ANY_CPU};
