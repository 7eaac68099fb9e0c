// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * UFFDIO_CONTINUE: the pages are there already, put in through another mapping; the ioctl maps them
 * and populates nothing.
 */
#include "uffd.h"

enum { PAGES = 2048 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(PAGES), uffd = uffd_open(UFFD_FEATURE_MINOR_SHMEM);
	char *mem = map_shared(fd, PAGES), *other = map_shared(fd, PAGES);

	(void)argc, (void)argv;
	uffd_register(uffd, mem, PAGES, UFFDIO_REGISTER_MODE_MINOR);
	touch_write(other, PAGES);
	check_equal("st_blocks in pages", memfd_pages(fd), PAGES);
	uffd_continue(uffd, mem, PAGES);
	touch_again(mem, PAGES);
	check_equal("Rss of the continued mapping", smaps_pages(mem, "Rss"), PAGES);
	check_equal("st_blocks in pages", memfd_pages(fd), PAGES);

	expect("populated %d " OF_MEMFD, PAGES);
	expect("populated %d " OF_MEMFD " symbol=touch_write", PAGES);
	expect("populated 0 syscall=ioctl");
	expect("faults 0 symbol=touch_again");
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
