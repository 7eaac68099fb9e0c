// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An ordinary file as memory, reads of a hole: libvirt's <source type='file'/>. The file system
 * allocates nothing, the page cache is filled with pages of zeros: that is what the guest grows by.
 * Once as the kernel reads ahead, once a page at a time.
 */
#include <sys/mman.h>

#include "route.h"

enum { AHEAD = 2048, SINGLE = 1000, PAGES = AHEAD + SINGLE };

static void run(int argc, char **argv)
{
	char *mem = map_shared(hole_file(PAGES), PAGES), *single = mem + AHEAD * page_size;
	long faults;

	(void)argc, (void)argv;
	check_call("MADV_RANDOM", !madvise(single, SINGLE * page_size, MADV_RANDOM));
	faults = minor_faults() + major_faults();
	touch_again(single, SINGLE);
	faults = minor_faults() + major_faults() - faults;
	touch_read(mem, AHEAD);
	check_cached(mem, PAGES, PAGES);
	check_equal("Rss", smaps_pages(mem, "Rss"), AHEAD);

	expect("populated %d " OF_DISK, PAGES);
	expect("populated %d " OF_DISK " access=read context=user symbol=touch_read", AHEAD);
	expect("populated %d " OF_DISK " access=read context=user symbol=touch_again", SINGLE);
	expect("zero_populated %d " OF_DISK, PAGES);
	expect("faults %ld symbol=touch_again", faults);
	expect("released 0 " OF_DISK);
	expect("kernel %d " OF_DISK, PAGES);
	expect("residual 0 " OF_DISK);
}

const struct route route = {.run = run};
