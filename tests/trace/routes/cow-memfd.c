// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copy on write of a private memfd mapping. Over pages that are there a write makes a private copy.
 * Over a hole a read populates the memfd, and a write populates twice: the page of the memfd, only
 * to be copied, and the private copy.
 */
#include "route.h"

enum { THERE = 1000, HOLE_READ = 600, HOLE_WRITTEN = 700, ALL = THERE + HOLE_READ + HOLE_WRITTEN };

static void run(int argc, char **argv)
{
	int fd = route_memfd(ALL);
	char *shared = map_shared(fd, ALL), *mem = map_private(fd, ALL);

	(void)argc, (void)argv;
	for (size_t i = 0; i < THERE; i++)
		shared[i * page_size] = 1;
	check_equal("st_blocks before", memfd_pages(fd), THERE);
	touch_again(mem, THERE);
	touch_read(mem + THERE * page_size, HOLE_READ);
	check_equal("st_blocks after reads", memfd_pages(fd), THERE + HOLE_READ);
	check_equal("Anonymous after reads", smaps_pages(mem, "Anonymous"), 0);
	touch_write(mem, THERE);
	check_equal("st_blocks after copies", memfd_pages(fd), THERE + HOLE_READ);
	check_equal("Anonymous after copies", smaps_pages(mem, "Anonymous"), THERE);
	touch_write(mem + (THERE + HOLE_READ) * page_size, HOLE_WRITTEN);
	check_equal("st_blocks in pages", memfd_pages(fd), ALL);
	check_equal("Anonymous in smaps", smaps_pages(mem, "Anonymous"), THERE + HOLE_WRITTEN);

	expect("populated %d " OF_MEMFD, ALL);
	expect("populated 0 symbol=touch_again");
	expect("populated %d " OF_MEMFD " symbol=touch_read access=read", HOLE_READ);
	expect("zero_populated %d symbol=touch_read", HOLE_READ);
	expect("populated %d " OF_ANON " symbol=touch_write access=write", THERE + HOLE_WRITTEN);
	expect("populated %d " OF_MEMFD " symbol=touch_write", HOLE_WRITTEN);
	expect("residual 0 " OF_MEMFD);
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
