// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An ordinary file as memory that is filled by calls: written to and read by its descriptor,
 * populated by madvise() for reading and for writing, and read in a system call's buffer.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "route.h"

enum {
	WRITTEN = 700,
	READ = 500,
	POPULATED = 600,
	FAULTED = 400,
	PAGES = 2 * POPULATED + WRITTEN + READ + FAULTED
};

static void run(int argc, char **argv)
{
	int fd = hole_file(PAGES), zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char *mem = map_shared(fd, PAGES), *at = mem, *buffer = map_anon(WRITTEN);
	size_t size = page_size;

	(void)argc, (void)argv;
	memset(buffer, 1, WRITTEN * size);
	/* None of it reads ahead, so that each page comes by the call that is meant. */
	check_call("POSIX_FADV_RANDOM", !posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM));
	check_call("MADV_RANDOM", !madvise(mem, PAGES * size, MADV_RANDOM));
	check_call("pwrite", pwrite(fd, buffer, WRITTEN * size, 0) == (ssize_t)(WRITTEN * size));
	at += WRITTEN * size;
	check_call("pread", pread(fd, buffer, READ * size, at - mem) == (ssize_t)(READ * size));
	at += READ * size;
	check_call("MADV_POPULATE_READ", !madvise(at, POPULATED * size, MADV_POPULATE_READ));
	at += POPULATED * size;
	check_call("MADV_POPULATE_WRITE", !madvise(at, POPULATED * size, MADV_POPULATE_WRITE));
	at += POPULATED * size;
	check_call("read", read(zero, at, FAULTED * size) == (ssize_t)(FAULTED * size));
	check_cached(mem, PAGES, PAGES);

	expect("populated %d " OF_DISK " access=write context=syscall syscall=pwrite64", WRITTEN);
	expect("populated %d " OF_DISK " access=read context=syscall syscall=pread64", READ);
	expect("populated %d " OF_DISK " access=read syscall=madvise", POPULATED);
	expect("populated %d " OF_DISK " access=write syscall=madvise", POPULATED);
	expect("populated %d " OF_DISK " access=write context=kernel syscall=read", FAULTED);
	expect("zero_populated %d " OF_DISK, READ + POPULATED);
	expect("kernel %d " OF_DISK, PAGES);
	expect("residual 0 " OF_DISK);
}

const struct route route = {.run = run};
