// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * UFFDIO_COPY into a memfd and into anonymous memory, as postcopy places pages: the ioctl
 * allocates, nothing faults. Touching the pages afterwards populates nothing.
 */
#include "uffd.h"

enum { SHARED = 2048, ANON = 1024 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(SHARED), uffd = uffd_open(UFFD_FEATURE_MISSING_SHMEM);
	char *shared = map_shared(fd, SHARED), *anon = map_anon(ANON), *from = map_anon(SHARED);

	(void)argc, (void)argv;
	memset(from, 1, SHARED * page_size);
	uffd_register(uffd, shared, SHARED, UFFDIO_REGISTER_MODE_MISSING);
	uffd_register(uffd, anon, ANON, UFFDIO_REGISTER_MODE_MISSING);
	uffd_copy(uffd, shared, from, SHARED);
	uffd_copy(uffd, anon, from, ANON);
	check_equal("st_blocks in pages", memfd_pages(fd), SHARED);
	check_equal("Anonymous in smaps", smaps_pages(anon, "Anonymous"), ANON);
	touch_again(shared, SHARED);
	touch_again(anon, ANON);
	check_equal("st_blocks in pages", memfd_pages(fd), SHARED);

	expect("populated %d " OF_MEMFD, SHARED);
	expect("populated %d " OF_MEMFD " context=syscall syscall=ioctl", SHARED);
	expect("populated %d " OF_ANON " context=syscall syscall=ioctl", ANON);
	expect("zero_populated 0 syscall=ioctl");
	expect("faults 0 syscall=ioctl");
	expect("populated 0 symbol=touch_again");
	expect("residual 0 " OF_MEMFD);
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
