// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An ordinary file as memory, cold, of which the first part was written and the rest is a hole: all
 * of it is read, and only what was a hole is zero. What was in the cache when the file was mapped
 * is given back first.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "route.h"

enum { DATA = 1000, HOLE = 1500, WARM = 300, PAGES = DATA + HOLE + WARM };

static void run(int argc, char **argv)
{
	int fd = temp_file(DATA);
	char *mem, *warm;

	(void)argc, (void)argv;
	if (is_tmpfs(fd))
		skip("temporary files are in memory here: TMPDIR must be on a disk");
	check_call("ftruncate", !ftruncate(fd, (off_t)(PAGES * page_size)));
	mem = map_shared(fd, PAGES);
	file_forget(fd, mem, PAGES);
	warm = mem + (DATA + HOLE) * page_size;
	check_call("MADV_RANDOM", !madvise(warm, WARM * page_size, MADV_RANDOM));
	touch_write(warm, WARM);
	touch_read(mem, DATA + HOLE);
	touch_again(mem, PAGES);
	check_cached(mem, PAGES, PAGES);

	expect("populated %d " OF_DISK, PAGES);
	expect("populated 0 " OF_DISK " symbol=touch_again");
	expect("zero_populated %d " OF_DISK " symbol=touch_read", HOLE);
	expect("populated %d " OF_DISK " symbol=touch_read", DATA + HOLE);
	expect("released %d " OF_DISK, DATA);
	expect("kernel %d " OF_DISK, PAGES - DATA);
	expect("residual 0 " OF_DISK);
}

const struct route route = {.run = run};
