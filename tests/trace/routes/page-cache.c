// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kept apart: a cold ordinary file, read with pread() and through a mapping. The kernel fills its
 * page cache in the reader's context; that is memory of the file, not of the process.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

#include "route.h"

enum { PAGES = 2048 };

/* A file of its own, none of it in the page cache. */
static char *cold_file(int *fd)
{
	char *mem;

	*fd = temp_file(PAGES);
	if (is_tmpfs(*fd))
		skip("temporary files are in memory here: TMPDIR must be on a disk");
	mem = map_shared(*fd, PAGES);
	check_call("fsync", !fsync(*fd));
	check_call("POSIX_FADV_DONTNEED", !posix_fadvise(*fd, 0, 0, POSIX_FADV_DONTNEED));
	if (pages_present(mem, PAGES))
		skip("%ld of %d pages of a file stay in the page cache", pages_present(mem, PAGES),
		     PAGES);
	return mem;
}

static void run(int argc, char **argv)
{
	size_t size = PAGES * page_size;
	char *read_one, *mapped_one, *buffer = map_anon(PAGES);
	int read_fd, mapped_fd;

	(void)argc, (void)argv;
	touch_write(buffer, PAGES);
	read_one = cold_file(&read_fd);
	mapped_one = cold_file(&mapped_fd);
	check_call("pread", pread(read_fd, buffer, size, 0) == (ssize_t)size);
	touch_read(mapped_one, PAGES);
	check_equal("pages in the cache after pread", pages_present(read_one, PAGES), PAGES);
	check_equal("pages in the cache after touching", pages_present(mapped_one, PAGES), PAGES);

	expect("populated %d " OF_ANON " symbol=touch_write", PAGES);
	expect("populated 0 syscall=pread64");
	expect("populated 0 symbol=touch_read");
	expect("zero_populated 0 symbol=touch_read");
	expect("populated 0 kind=file name=*route.*");
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
