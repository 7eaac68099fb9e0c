// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * GUP without a fault event, from the system calls that fill a mapping: mlock() and MAP_POPULATE.
 * Both write to memory that is private and writable; a shared memfd they only read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "route.h"

enum { SHARED = 1500, LOCKED = 1024, MAPPED = 700 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(SHARED);
	char *locked = map_anon(LOCKED), *mapped;

	(void)argc, (void)argv;
	if (mlock(locked, LOCKED * page_size))
		skip("mlock: %s", strerror(errno));
	check_equal("Anonymous after mlock", smaps_pages(locked, "Anonymous"), LOCKED);
	mapped = mmap(NULL, MAPPED * page_size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	check_call("mmap MAP_POPULATE", mapped != MAP_FAILED);
	check_call("mmap of the memfd", mmap(NULL, SHARED * page_size, PROT_READ | PROT_WRITE,
					     MAP_SHARED | MAP_POPULATE, fd, 0) != MAP_FAILED);
	check_equal("st_blocks in pages", memfd_pages(fd), SHARED);

	expect("populated %d " OF_ANON " context=syscall syscall=mlock", LOCKED);
	expect("populated %d " OF_ANON " context=syscall syscall=mmap", MAPPED);
	expect("populated %d " OF_MEMFD, SHARED);
	expect("populated %d " OF_MEMFD " context=syscall syscall=mmap", SHARED);
	expect("faults 0 syscall=mlock");
	expect("residual 0 " OF_MEMFD);
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
