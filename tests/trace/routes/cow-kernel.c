// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel writes into holes of a private memfd mapping: readv() from a pipe, as QEMU's multifd
 * receives pages, and MADV_POPULATE_WRITE. Each such fault populates twice, in this order: the
 * private copy, and the page of the memfd that is copied.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "route.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

enum { RECEIVED = 1600, ASKED = 900, STEP = 8 };

static void receive(int ends[2], char *mem)
{
	static char page[4096];

	memset(page, 1, sizeof(page));
	for (size_t i = 0; i < RECEIVED; i += STEP) {
		size_t size = STEP * page_size;
		struct iovec to = {.iov_base = mem + i * page_size, .iov_len = size};

		for (size_t done = 0; done < size; done += sizeof(page))
			check_call("write to a pipe",
				   write(ends[1], page, sizeof(page)) == (ssize_t)sizeof(page));
		check_call("readv from a pipe", readv(ends[0], &to, 1) == (ssize_t)size);
	}
}

static void run(int argc, char **argv)
{
	int fd = route_memfd(RECEIVED + ASKED), ends[2];
	char *mem = map_private(fd, RECEIVED + ASKED);

	(void)argc, (void)argv;
	check_call("pipe", !pipe(ends));
	receive(ends, mem);
	check_equal("st_blocks after readv", memfd_pages(fd), RECEIVED);
	if (madvise(mem + RECEIVED * page_size, ASKED * page_size, MADV_POPULATE_WRITE)) {
		if (errno == EINVAL)
			skip("this kernel has no MADV_POPULATE_WRITE");
		fail("madvise: %s", strerror(errno));
	}
	check_equal("st_blocks in pages", memfd_pages(fd), RECEIVED + ASKED);
	check_equal("Anonymous in smaps", smaps_pages(mem, "Anonymous"), RECEIVED + ASKED);

	expect("populated %d " OF_ANON " context=kernel syscall=readv access=write", RECEIVED);
	expect("populated %d " OF_MEMFD " syscall=readv access=write", RECEIVED);
	expect("populated %d " OF_ANON " syscall=madvise access=write", ASKED);
	expect("populated %d " OF_MEMFD " syscall=madvise access=write", ASKED);
	expect("zero_populated 0 syscall=readv");
	expect("residual 0 " OF_MEMFD);
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
