// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An ordinary file as memory, writes to a hole. The page that is written is no zero page; those
 * that read-ahead brings with it are, and they are read.
 */
#include <sys/mman.h>

#include "route.h"

enum { AHEAD = 2048, SINGLE = 1000, PAGES = AHEAD + SINGLE };

static void run(int argc, char **argv)
{
	char *mem = map_shared(hole_file(PAGES), PAGES), *single = mem + AHEAD * page_size;

	(void)argc, (void)argv;
	check_call("MADV_RANDOM", !madvise(single, SINGLE * page_size, MADV_RANDOM));
	touch_write(single, SINGLE);
	check_cached(single, SINGLE, SINGLE);
	expect("populated %d " OF_DISK " access=write symbol=touch_write", SINGLE);
	expect("zero_populated 0 symbol=touch_write");

	for (size_t i = 0; i < AHEAD; i++)
		mem[i * page_size] = 1;
	check_cached(mem, PAGES, PAGES);
	expect("populated %d " OF_DISK, PAGES);
	expect("kernel %d " OF_DISK, PAGES);
	expect("residual 0 " OF_DISK);
}

const struct route route = {.run = run};
