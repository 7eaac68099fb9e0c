// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * UFFDIO_ZEROPAGE: in anonymous memory it maps the shared zero page and populates nothing; in a
 * memfd there is no such page, it allocates one for each.
 */
#include "uffd.h"

enum { SHARED = 2048, ANON = 1024 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(SHARED), uffd = uffd_open(UFFD_FEATURE_MISSING_SHMEM);
	char *shared = map_shared(fd, SHARED), *anon = map_anon(ANON);

	(void)argc, (void)argv;
	uffd_register(uffd, shared, SHARED, UFFDIO_REGISTER_MODE_MISSING);
	uffd_register(uffd, anon, ANON, UFFDIO_REGISTER_MODE_MISSING);
	uffd_zeropage(uffd, shared, SHARED);
	uffd_zeropage(uffd, anon, ANON);
	check_equal("st_blocks in pages", memfd_pages(fd), SHARED);
	check_equal("Anonymous in smaps", smaps_pages(anon, "Anonymous"), 0);

	expect("populated %d " OF_MEMFD, SHARED);
	expect("populated %d " OF_MEMFD " context=syscall syscall=ioctl", SHARED);
	expect("populated 0 " OF_ANON " syscall=ioctl");
	expect("faults 0 syscall=ioctl");
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
