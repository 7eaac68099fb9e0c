// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A memory cgroup with room for half of an ordinary file that is memory: the kernel takes its clean
 * pages back while others are read, and what it took is populated once more when it is read again.
 * Whatever comes and goes, the books balance.
 */
#include <sys/mman.h>

#include "route.h"

enum { PAGES = 4096 };

static void run(int argc, char **argv)
{
	char *mem = map_shared(hole_file(PAGES), PAGES);
	long kept, again;

	(void)argc, (void)argv;
	check_call("MADV_RANDOM", !madvise(mem, PAGES * page_size, MADV_RANDOM));
	reclaim_prepare();
	memory_limit(PAGES / 2);
	touch_read(mem, PAGES);
	kept = pages_present(mem, PAGES);
	if (kept > PAGES / 2)
		fail("%ld of %d pages were kept", kept, PAGES);
	memory_limit(4 * PAGES);
	touch_again(mem, PAGES);
	again = pages_present(mem, PAGES);
	check_cached(mem, PAGES, PAGES);

	expect("populated %d " OF_DISK " symbol=touch_read", PAGES);
	expect("populated %ld " OF_DISK " symbol=touch_again", again - kept);
	expect("zero_populated %ld " OF_DISK, PAGES + again - kept);
	expect("released %ld " OF_DISK, PAGES - kept);
	expect("kernel %d " OF_DISK, PAGES);
	expect("residual 0 " OF_DISK);
}

const struct route route = {.run = run};
