// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A private mapping of an ordinary file that was opened for writing: QEMU's default for a
 * memory-backend-file. Reads fill the file's page cache, writes do so first and then copy: a page
 * that is written is there twice.
 */
#include <sys/mman.h>

#include "route.h"

enum { READ = 1024, WRITTEN = 700, PAGES = READ + WRITTEN };

static void run(int argc, char **argv)
{
	int fd = hole_file(PAGES);
	char *mem = map_private(fd, PAGES);

	(void)argc, (void)argv;
	check_call("MADV_RANDOM", !madvise(mem, PAGES * page_size, MADV_RANDOM));
	touch_read(mem, READ);
	touch_write(mem + READ * page_size, WRITTEN);
	check_equal("Anonymous", smaps_pages(mem, "Anonymous"), WRITTEN);
	check_cached(map_shared(fd, PAGES), PAGES, PAGES);

	expect("populated %d " OF_DISK " access=read symbol=touch_read", READ);
	expect("zero_populated %d " OF_DISK " symbol=touch_read", READ);
	expect("populated %d " OF_DISK " access=read symbol=touch_write", WRITTEN);
	expect("populated %d " OF_ANON " access=write symbol=touch_write", WRITTEN);
	expect("kernel %d " OF_DISK, PAGES);
	expect("residual 0 " OF_DISK);
}

const struct route route = {.run = run};
