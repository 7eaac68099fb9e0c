// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Release: MADV_REMOVE of a shared memfd frees the pages; over a hole it frees nothing. What is
 * read again is populated again, as zero. It is one piece of advice, not a fallocate besides.
 */
#include <sys/mman.h>

#include "route.h"

enum { PAGES = 4096, HOLE = 1000, AGAIN = 128 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(PAGES + HOLE);
	char *mem = map_shared(fd, PAGES + HOLE);
	size_t size = (PAGES + HOLE) * page_size;

	(void)argc, (void)argv;
	touch_write(mem, PAGES);
	check_equal("st_blocks before", memfd_pages(fd), PAGES);
	check_call("MADV_REMOVE", !madvise(mem, size, MADV_REMOVE));
	check_equal("st_blocks after", memfd_pages(fd), 0);
	touch_read(mem, AGAIN);
	check_equal("st_blocks in pages", memfd_pages(fd), AGAIN);

	expect("populated %d " OF_MEMFD, PAGES + AGAIN);
	expect("zero_populated %d " OF_MEMFD, AGAIN);
	expect("released %d syscall=madvise", PAGES);
	expect("advice_calls 1 call=madvise behavior=MADV_REMOVE");
	expect("advice_failed 0 call=madvise behavior=MADV_REMOVE");
	expect("advice_bytes %zu call=madvise behavior=MADV_REMOVE", size);
	expect("advice_released %d call=madvise behavior=MADV_REMOVE", PAGES);
	expect("advice_calls 0 call=fallocate");
	expect("kernel %d " OF_MEMFD, AGAIN);
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
