// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel-mode faults: readv() from a pipe into fresh memory, a memfd and anonymous. The pages of
 * the pipe itself are no memory of the process.
 */
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "route.h"

enum { SHARED = 2048, ANON = 1024, STEP = 8 };

static void read_pipe(int ends[2], const char *source, char *mem, size_t pages)
{
	long faults = minor_faults();

	for (size_t i = 0; i < pages; i += STEP) {
		size_t size = STEP * page_size;
		struct iovec to = {.iov_base = mem + i * page_size, .iov_len = size};

		check_call("write to a pipe", write(ends[1], source, size) == (ssize_t)size);
		check_call("readv from a pipe", readv(ends[0], &to, 1) == (ssize_t)size);
	}
	check_equal("page faults", minor_faults() - faults, (long)pages);
}

static void run(int argc, char **argv)
{
	int fd = route_memfd(SHARED), ends[2];
	char *shared = map_shared(fd, SHARED), *anon = map_anon(ANON), *source = map_anon(STEP);

	(void)argc, (void)argv;
	check_call("pipe", !pipe(ends));
	memset(source, 1, STEP * page_size);
	read_pipe(ends, source, shared, SHARED);
	read_pipe(ends, source, anon, ANON);
	check_equal("st_blocks in pages", memfd_pages(fd), SHARED);
	check_equal("Anonymous in smaps", smaps_pages(anon, "Anonymous"), ANON);

	expect("populated %d " OF_MEMFD, SHARED);
	expect("populated %d " OF_MEMFD " context=kernel syscall=readv access=write", SHARED);
	expect("populated %d " OF_ANON " context=kernel syscall=readv access=write", ANON);
	expect("zero_populated 0 syscall=readv");
	expect("faults %d context=kernel syscall=readv access=write", SHARED + ANON);
	expect("populated 0 syscall=write " OF_ANON);
	expect("residual 0 " OF_MEMFD);
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
