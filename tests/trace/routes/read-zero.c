// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel-mode faults: read() from /dev/zero into fresh memory, a memfd and anonymous. The kernel
 * writes through the user's mapping and takes the fault itself; the write populates.
 */
#include <fcntl.h>
#include <unistd.h>

#include "route.h"

enum { SHARED = 2000, ANON = 1500 };

static void read_zero(int zero, char *mem, size_t pages)
{
	long faults = minor_faults();
	size_t size = pages * page_size;

	check_call("read of /dev/zero", read(zero, mem, size) == (ssize_t)size);
	check_equal("page faults", minor_faults() - faults, (long)pages);
}

static void run(int argc, char **argv)
{
	int zero = open("/dev/zero", O_RDONLY), fd = route_memfd(SHARED);
	char *shared = map_shared(fd, SHARED), *anon = map_anon(ANON);

	(void)argc, (void)argv;
	check_call("/dev/zero", zero >= 0);
	read_zero(zero, shared, SHARED);
	read_zero(zero, anon, ANON);
	check_equal("st_blocks in pages", memfd_pages(fd), SHARED);
	check_equal("Anonymous in smaps", smaps_pages(anon, "Anonymous"), ANON);

	expect("populated %d " OF_MEMFD, SHARED);
	expect("populated %d " OF_MEMFD " context=kernel syscall=read access=write", SHARED);
	expect("populated %d " OF_ANON " context=kernel syscall=read access=write", ANON);
	expect("zero_populated 0 syscall=read");
	expect("faults %d context=kernel syscall=read access=write", SHARED + ANON);
	expect("residual 0 " OF_MEMFD);
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
