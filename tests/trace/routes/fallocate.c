// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fallocate() of a memfd: pages without a fault and without a mapping. Reading them afterwards
 * populates nothing.
 */
#define _GNU_SOURCE
#include <fcntl.h>

#include "route.h"

enum { PAGES = 16384, READ = 1024 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(PAGES);
	char *mem = map_shared(fd, PAGES);

	(void)argc, (void)argv;
	check_call("fallocate", !fallocate(fd, 0, 0, (off_t)(PAGES * page_size)));
	check_equal("st_blocks in pages", memfd_pages(fd), PAGES);
	touch_again(mem, READ);
	check_equal("st_blocks after reads", memfd_pages(fd), PAGES);

	expect("populated %d " OF_MEMFD, PAGES);
	expect("populated %d " OF_MEMFD " context=syscall syscall=fallocate", PAGES);
	expect("zero_populated 0 syscall=fallocate");
	expect("populated 0 symbol=touch_again");
	expect("zero_populated 0 symbol=touch_again");
	expect("faults 0 syscall=fallocate");
	expect("kernel %d " OF_MEMFD, PAGES);
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
