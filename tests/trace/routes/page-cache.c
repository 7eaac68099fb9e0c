// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kept apart: a cold ordinary file that can only be read, by pread() and through mappings. The
 * kernel fills its page cache in the reader's context; that is memory of the file, not of the
 * process. Disk images and libraries are such: the one mapped shared, the other private and to be
 * written, as a library's data is.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "route.h"

enum { PAGES = 2048 };

/* A file of its own, none of it in the page cache, by a descriptor that can only read. */
static char *cold_file(int *fd, int protection, int flags)
{
	int writable = temp_file(PAGES);
	char path[64], *mem;

	if (is_tmpfs(writable))
		skip("temporary files are in memory here: TMPDIR must be on a disk");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", writable);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	check_call(path, *fd >= 0);
	mem = mmap(NULL, PAGES * page_size, protection, flags, *fd, 0);
	check_call("mmap", mem != MAP_FAILED);
	file_forget(writable, mem, PAGES);
	close(writable);
	return mem;
}

/* The kernel may have taken some back meanwhile, as DAMON's pageout does: nothing that is counted
 * here depends on it. */
static void check_filled(void *mem)
{
	long found = pages_present(mem, PAGES);

	if (found < PAGES * 9 / 10)
		fail("the page cache has %ld of %d pages of the file", found, PAGES);
}

static void run(int argc, char **argv)
{
	size_t size = PAGES * page_size;
	char *read_one, *mapped_one, *private_one, *buffer = map_anon(PAGES);
	int read_fd, mapped_fd, private_fd;

	(void)argc, (void)argv;
	touch_write(buffer, PAGES);
	read_one = cold_file(&read_fd, PROT_READ, MAP_SHARED);
	mapped_one = cold_file(&mapped_fd, PROT_READ, MAP_SHARED);
	private_one = cold_file(&private_fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	check_call("pread", pread(read_fd, buffer, size, 0) == (ssize_t)size);
	touch_read(mapped_one, PAGES);
	touch_read(private_one, PAGES);
	check_filled(read_one);
	check_filled(mapped_one);

	expect("populated %d " OF_ANON " symbol=touch_write", PAGES);
	expect("populated 0 syscall=pread64");
	expect("populated 0 symbol=touch_read");
	expect("zero_populated 0 symbol=touch_read");
	expect("populated 0 kind=file");
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
