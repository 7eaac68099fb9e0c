// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hugetlb, a shared memfd: by faults (a read allocates as well as a write) and by fallocate. The
 * pages come out of a pool, which a mode may be unable to watch. Filling the pool is not
 * populating.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>

#include "route.h"

#define OF_HUGETLB "kind=hugetlb name=memfd:route"

enum { READ = 3, WRITTEN = 5, ALLOCATED = 8, ALL = READ + WRITTEN + ALLOCATED };

static void run(int argc, char **argv)
{
	size_t each = HUGE_SIZE / page_size;
	char *mem;
	int fd;

	(void)argc, (void)argv;
	hugetlb_need(ALL);
	fd = named_memfd("route", ALL * each, MFD_HUGETLB | 21U << MAP_HUGE_SHIFT);
	mem = map_shared(fd, ALL * each);
	touch_read(mem, READ * each);
	touch_write(mem + READ * HUGE_SIZE, WRITTEN * each);
	check_equal("st_blocks after faults", memfd_pages(fd), (READ + WRITTEN) * (long)each);
	check_call("fallocate", !fallocate(fd, 0, (off_t)((READ + WRITTEN) * HUGE_SIZE),
					   (off_t)(ALLOCATED * HUGE_SIZE)));
	check_equal("st_blocks in pages", memfd_pages(fd), ALL * (long)each);

	expect("populated %zu " OF_HUGETLB " unless-null", ALL * each);
	expect("populated %zu " OF_HUGETLB " access=read symbol=touch_read unless-null",
	       READ * each);
	expect("zero_populated %zu symbol=touch_read unless-null", READ * each);
	expect("populated %zu " OF_HUGETLB " access=write symbol=touch_write unless-null",
	       WRITTEN * each);
	expect("populated %zu " OF_HUGETLB " syscall=fallocate unless-null", ALLOCATED * each);
	expect("faults %d symbol=touch_read", READ);
	expect("faults %d symbol=touch_write", WRITTEN);
	expect("populated 0 kind=shmem name=memfd:route");
	expect("kernel %zu " OF_HUGETLB, ALL * each);
	expect("residual 0 " OF_HUGETLB " unless-null");
}

const struct route route = {.run = run};
