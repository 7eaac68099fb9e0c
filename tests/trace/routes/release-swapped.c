// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Release: punching memfd pages that are out in swap. There is no page to delete, but all of them
 * are given back.
 */
#define _GNU_SOURCE
#include <fcntl.h>

#include "route.h"

enum { PAGES = 2048 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(PAGES);
	char *mem = map_shared(fd, PAGES);

	(void)argc, (void)argv;
	swap_need(PAGES);
	touch_write(mem, PAGES);
	page_out(mem, PAGES);
	check_equal("st_blocks while in swap", memfd_pages(fd), PAGES);
	check_call("FALLOC_FL_PUNCH_HOLE",
		   !fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			      (off_t)(PAGES * page_size)));
	check_equal("st_blocks in pages", memfd_pages(fd), 0);

	expect("populated %d " OF_MEMFD, PAGES);
	expect("released 0 syscall=madvise");
	expect("released %d syscall=fallocate", PAGES);
	expect("advice_released %d call=fallocate", PAGES);
	expect("kernel 0 " OF_MEMFD);
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
