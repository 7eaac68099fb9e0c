// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * O_DIRECT: the kernel pins pages of the memory instead of copying them. Writing them to a disk
 * reads holes; reading a disk into them writes. Private memory takes no page to be read. A file on
 * the same file system that is written by write() itself is not read.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#include "route.h"

enum { PWRITTEN = 1024, WRITTEN = 256, WRITTENV = 128, FILLED = 512, ANON = 64, STEP = 64 };

static void pwrite_all(int out, const char *mem, size_t pages)
{
	for (size_t i = 0; i < pages; i += STEP) {
		size_t size = STEP * page_size;
		off_t at = (off_t)(i * page_size);

		check_call("pwrite", pwrite(out, mem + i * page_size, size, at) == (ssize_t)size);
	}
}

static void run(int argc, char **argv)
{
	size_t all = PWRITTEN + WRITTEN + WRITTENV + FILLED;
	int fd = route_memfd(all), out = temp_file(PWRITTEN);
	char *shared = map_shared(fd, all), *anon = map_anon(ANON);
	char *written = shared + PWRITTEN * page_size, *writtenv = written + WRITTEN * page_size;
	struct iovec v = {.iov_base = writtenv, .iov_len = WRITTENV * page_size};
	char *filled = writtenv + WRITTENV * page_size;
	size_t size = WRITTEN * page_size;

	(void)argc, (void)argv;
	if (is_tmpfs(out) || fcntl(out, F_SETFL, O_DIRECT))
		skip("no O_DIRECT in TMPDIR");
	pwrite_all(out, shared, PWRITTEN);
	check_equal("st_blocks after pwrite", memfd_pages(fd), PWRITTEN);
	check_call("write", write(out, written, size) == (ssize_t)size);
	check_call("pwritev", pwritev(out, &v, 1, 0) == (ssize_t)v.iov_len);
	check_equal("st_blocks after writes", memfd_pages(fd), PWRITTEN + WRITTEN + WRITTENV);
	check_call("pread",
		   pread(out, filled, FILLED * page_size, 0) == (ssize_t)(FILLED * page_size));
	check_equal("st_blocks in pages", memfd_pages(fd), (long)all);
	pwrite_all(out, anon, ANON);
	check_equal("Anonymous in smaps", smaps_pages(anon, "Anonymous"), 0);

	expect("populated %zu " OF_MEMFD, all);
	expect("populated %d " OF_MEMFD " context=syscall syscall=pwrite64 access=read", PWRITTEN);
	expect("populated %d " OF_MEMFD " context=syscall syscall=write access=read", WRITTEN);
	expect("populated %d " OF_MEMFD " context=syscall syscall=pwritev access=read", WRITTENV);
	expect("populated %d " OF_MEMFD " context=syscall syscall=pread64 access=write", FILLED);
	expect("zero_populated %d " OF_MEMFD, PWRITTEN + WRITTEN + WRITTENV);
	expect("zero_populated 0 syscall=pread64");
	expect("faults 0 syscall=pwrite*");
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
