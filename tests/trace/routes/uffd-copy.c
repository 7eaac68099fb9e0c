// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * UFFDIO_COPY into a memfd and into anonymous memory, as postcopy places pages: the ioctl
 * allocates, nothing faults. Touching the pages afterwards populates nothing. Where what is copied
 * is not there yet the kernel faults in the midst of it, with the page that it copies to in hand.
 * Two mappings side by side that differ by what may be done with them have one anon_vma: whose a
 * page of the second is the first does not tell.
 */
#include <sys/mman.h>

#include "uffd.h"

enum { SHARED = 2048, ANON = 1024, FAULTING = 300, BESIDE = 200 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(SHARED), uffd = uffd_open(UFFD_FEATURE_MISSING_SHMEM);
	char *shared = map_shared(fd, SHARED), *anon = map_anon(ANON), *from = map_anon(SHARED);
	char *more = map_anon(FAULTING), *hole = map_anon(FAULTING);
	char *two = map_anon(2 * BESIDE), *second = two + BESIDE * page_size;

	(void)argc, (void)argv;
	memset(from, 1, SHARED * page_size);
	uffd_register(uffd, shared, SHARED, UFFDIO_REGISTER_MODE_MISSING);
	uffd_register(uffd, anon, ANON, UFFDIO_REGISTER_MODE_MISSING);
	uffd_copy(uffd, shared, from, SHARED);
	uffd_copy(uffd, anon, from, ANON);
	uffd_register(uffd, more, FAULTING, UFFDIO_REGISTER_MODE_MISSING);
	uffd_copy(uffd, more, hole, FAULTING);
	check_equal("Anonymous in smaps", smaps_pages(more, "Anonymous"), FAULTING);
	check_call("mprotect", !mprotect(second, BESIDE * page_size, PROT_WRITE));
	touch_write(two, 1);
	touch_write(second, 1);
	uffd_register(uffd, two, 2 * BESIDE, UFFDIO_REGISTER_MODE_MISSING);
	uffd_copy(uffd, two + page_size, from, BESIDE - 1);
	uffd_copy(uffd, second + page_size, from, BESIDE - 1);
	check_equal("Anonymous in smaps", smaps_pages(second, "Anonymous"), BESIDE);
	check_equal("st_blocks in pages", memfd_pages(fd), SHARED);
	check_equal("Anonymous in smaps", smaps_pages(anon, "Anonymous"), ANON);
	touch_again(shared, SHARED);
	touch_again(anon, ANON);
	check_equal("st_blocks in pages", memfd_pages(fd), SHARED);

	expect("populated %d " OF_MEMFD, SHARED);
	expect("populated %d " OF_MEMFD " context=syscall syscall=ioctl", SHARED);
	expect("populated %d " OF_ANON " syscall=ioctl", ANON + FAULTING + 2 * (BESIDE - 1));
	expect("zero_populated 0 syscall=ioctl");
	expect("faults %d syscall=ioctl", FAULTING);
	expect("populated 0 symbol=touch_again");
	expect("residual 0 " OF_MEMFD);
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
