// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel-mode faults: read() from /dev/zero into a fresh memfd, readv() into fresh anonymous memory
 * (a libc reads files into its own buffers by read, that would be in the sum). The kernel writes
 * through the user's mapping and takes the fault itself; the write populates.
 */
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "route.h"

enum { SHARED = 2000, ANON = 1500 };

static void run(int argc, char **argv)
{
	int zero = open("/dev/zero", O_RDONLY), fd = route_memfd(SHARED);
	char *shared = map_shared(fd, SHARED), *anon = map_anon(ANON);
	struct iovec iov = {.iov_base = anon, .iov_len = ANON * page_size};
	long faults = minor_faults();

	(void)argc, (void)argv;
	check_call("/dev/zero", zero >= 0);
	check_call("read", read(zero, shared, SHARED * page_size) == SHARED * (ssize_t)page_size);
	check_call("readv", readv(zero, &iov, 1) == ANON * (ssize_t)page_size);
	check_equal("page faults", minor_faults() - faults, SHARED + ANON);
	check_equal("st_blocks in pages", memfd_pages(fd), SHARED);
	check_equal("Anonymous in smaps", smaps_pages(anon, "Anonymous"), ANON);

	expect("populated %d " OF_MEMFD, SHARED);
	expect("populated %d " OF_MEMFD " context=kernel syscall=read access=write", SHARED);
	expect("populated %d " OF_ANON " context=kernel syscall=readv access=write", ANON);
	expect("zero_populated 0 " OF_MEMFD);
	expect("zero_populated 0 syscall=readv");
	expect("faults %d " OF_MEMFD " context=kernel syscall=read access=write", SHARED);
	expect("faults %d context=kernel syscall=readv access=write", ANON);
	expect("residual 0 " OF_MEMFD);
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
