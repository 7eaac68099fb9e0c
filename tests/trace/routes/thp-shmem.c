// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Transparent huge pages in a memfd: a read of one page of each 2 MiB populates all 512 of them,
 * and a write as well.
 */
#include <string.h>
#include <sys/mman.h>

#include "route.h"

#define SHMEM_ENABLED "/sys/kernel/mm/transparent_hugepage/shmem_enabled"

enum { READ = 4, WRITTEN = 4 };

static void run(int argc, char **argv)
{
	size_t each = HUGE_SIZE / page_size, pages = (READ + WRITTEN) * each;
	int fd = route_memfd(pages);
	char *mem = map_shared(fd, pages);
	long faults;

	(void)argc, (void)argv;
	check_call("MADV_HUGEPAGE", !madvise(mem, pages * page_size, MADV_HUGEPAGE));
	if (!setting_set(SHMEM_ENABLED, "advise"))
		skip("cannot set " SHMEM_ENABLED);
	faults = minor_faults();
	for (size_t i = 0; i < READ; i++)
		touch_read(mem + i * HUGE_SIZE, 1);
	for (size_t i = READ; i < READ + WRITTEN; i++)
		touch_write(mem + i * HUGE_SIZE, 1);
	check_equal("page faults", minor_faults() - faults, READ + WRITTEN);
	if (smaps_pages(mem, "ShmemPmdMapped") != (long)pages)
		skip("only %ld of %zu pages came as huge ones", smaps_pages(mem, "ShmemPmdMapped"),
		     pages);
	check_equal("st_blocks in pages", memfd_pages(fd), (long)pages);

	expect("populated %zu " OF_MEMFD, pages);
	expect("populated %zu " OF_MEMFD " access=read symbol=touch_read", READ * each);
	expect("populated %zu " OF_MEMFD " access=write symbol=touch_write", WRITTEN * each);
	expect("zero_populated %zu " OF_MEMFD, READ * each);
	expect("faults %d symbol=touch_read", READ);
	expect("faults %d symbol=touch_write", WRITTEN);
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run, .flags = ROUTE_THP};
