// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shared anonymous memory: shmem without a descriptor to ask. A read allocates here as in a memfd,
 * and MADV_DONTNEED keeps the pages.
 */
#include <sys/mman.h>

#include "route.h"

enum { READ = 2048, WRITTEN = 1024 };

static void run(int argc, char **argv)
{
	char *mem = mmap(map_anon_aligned(READ + WRITTEN, HUGE_SIZE), (READ + WRITTEN) * page_size,
			 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	long faults = minor_faults();

	(void)argc, (void)argv;
	check_call("mmap", mem != MAP_FAILED);
	touch_read(mem, READ);
	touch_write(mem + READ * page_size, WRITTEN);
	check_equal("page faults", minor_faults() - faults, READ + WRITTEN);
	check_equal("Rss in smaps", smaps_pages(mem, "Rss"), READ + WRITTEN);
	check_call("MADV_DONTNEED", !madvise(mem, (READ + WRITTEN) * page_size, MADV_DONTNEED));
	touch_again(mem, READ + WRITTEN);
	check_equal("content of a written page", mem[READ * page_size], 1);

	expect("populated %d kind=shmem access=read symbol=touch_read", READ);
	expect("populated %d kind=shmem access=write symbol=touch_write", WRITTEN);
	expect("populated 0 symbol=touch_again");
	expect("zero_populated %d symbol=touch_read", READ);
	expect("zero_populated 0 symbol=touch_write");
	expect("released 0 syscall=madvise");
	expect("faults %d symbol=touch_read", READ);
	expect("faults %d symbol=touch_write", WRITTEN);
	expect("residual 0 kind=shmem unless-null");
}

const struct route route = {.run = run};
