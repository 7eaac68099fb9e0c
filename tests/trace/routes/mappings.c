// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ten thousand mappings of one page each of one memfd, every one touched: as many VMAs, one
 * backing.
 */
#include <sys/mman.h>

#include "route.h"

enum { MAPPINGS = 10000 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(MAPPINGS);
	/* A page of nothing after each, or neighbours would be merged into one mapping. */
	char *room = mmap(NULL, 2 * MAPPINGS * page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	(void)argc, (void)argv;
	check_call("mmap", room != MAP_FAILED);
	for (size_t i = 0; i < MAPPINGS; i++) {
		void *mem = mmap(room + 2 * i * page_size, page_size, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_FIXED, fd, (off_t)(i * page_size));

		check_call("mmap of one page", mem != MAP_FAILED);
	}
	for (size_t i = 0; i < MAPPINGS; i++) {
		if (i % 2)
			touch_write(room + 2 * i * page_size, 1);
		else
			touch_read(room + 2 * i * page_size, 1);
	}
	check_equal("st_blocks in pages", memfd_pages(fd), MAPPINGS);

	expect("populated %d " OF_MEMFD, MAPPINGS);
	expect("populated %d " OF_MEMFD " symbol=touch_write", MAPPINGS / 2);
	expect("zero_populated %d " OF_MEMFD, MAPPINGS / 2);
	expect("faults %d symbol=touch_read", MAPPINGS / 2);
	expect("faults %d symbol=touch_write", MAPPINGS / 2);
	expect("kernel %d " OF_MEMFD, MAPPINGS);
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
