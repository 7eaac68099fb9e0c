// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Release: FALLOC_FL_PUNCH_HOLE of a memfd, mapped or not, in steps; a hole in a page's middle
 * frees no page.
 */
#define _GNU_SOURCE
#include <fcntl.h>

#include "route.h"

enum { PAGES = 4096, STEP = 512, CALLS = PAGES / 2 / STEP };

static void punch(int fd, size_t offset, size_t size)
{
	check_call("FALLOC_FL_PUNCH_HOLE",
		   !fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
			      (off_t)size));
}

static void run(int argc, char **argv)
{
	int fd = route_memfd(PAGES);
	char *mem = map_shared(fd, PAGES);

	(void)argc, (void)argv;
	touch_write(mem, PAGES);
	for (size_t i = 0; i < CALLS; i++)
		punch(fd, 2 * i * STEP * page_size, STEP * page_size);
	check_equal("st_blocks after", memfd_pages(fd), PAGES / 2);
	punch(fd, STEP * page_size + 100, 1000);
	check_equal("st_blocks in pages", memfd_pages(fd), PAGES / 2);

	expect("populated %d " OF_MEMFD, PAGES);
	expect("released %d syscall=fallocate", PAGES / 2);
	expect("advice_calls %d call=fallocate behavior=*PUNCH_HOLE*", CALLS + 1);
	expect("advice_failed 0 call=fallocate");
	expect("advice_bytes %zu call=fallocate behavior=*PUNCH_HOLE*",
	       PAGES / 2 * page_size + 1000);
	expect("advice_released %d call=fallocate behavior=*PUNCH_HOLE*", PAGES / 2);
	expect("kernel %d " OF_MEMFD, PAGES / 2);
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
