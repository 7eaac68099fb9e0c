// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Release: ftruncate() of a memfd frees what lies beyond the new end.
 */
#include <unistd.h>

#include "route.h"

enum { PAGES = 4096, KEPT = 1000 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(PAGES);
	char *mem = map_shared(fd, PAGES);

	(void)argc, (void)argv;
	touch_write(mem, PAGES);
	check_equal("st_blocks before", memfd_pages(fd), PAGES);
	check_call("ftruncate", !ftruncate(fd, (off_t)(KEPT * page_size)));
	check_equal("st_blocks in pages", memfd_pages(fd), KEPT);

	expect("populated %d " OF_MEMFD, PAGES);
	expect("released %d syscall=ftruncate", PAGES - KEPT);
	expect("kernel %d " OF_MEMFD, KEPT);
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
