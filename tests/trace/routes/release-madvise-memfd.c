// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Release: MADV_DONTNEED of a shared memfd drops the mapping and keeps the pages, with their
 * content; nothing is given back, and reading them again populates nothing.
 */
#include <sys/mman.h>

#include "route.h"

enum { PAGES = 4096 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(PAGES);
	char *mem = map_shared(fd, PAGES);

	(void)argc, (void)argv;
	touch_write(mem, PAGES);
	check_call("MADV_DONTNEED", !madvise(mem, PAGES * page_size, MADV_DONTNEED));
	check_equal("Rss after", smaps_pages(mem, "Rss"), 0);
	check_equal("st_blocks after", memfd_pages(fd), PAGES);
	touch_again(mem, PAGES);
	check_equal("content of the first page", mem[0], 1);
	check_equal("st_blocks in pages", memfd_pages(fd), PAGES);

	expect("populated %d " OF_MEMFD, PAGES);
	expect("populated 0 symbol=touch_again");
	expect("released 0 syscall=madvise");
	expect("released 0 " OF_MEMFD);
	expect("advice_calls 1 call=madvise behavior=MADV_DONTNEED");
	expect("advice_failed 0 call=madvise behavior=MADV_DONTNEED");
	expect("advice_bytes %zu call=madvise behavior=MADV_DONTNEED", PAGES * page_size);
	expect("advice_released 0 call=madvise behavior=MADV_DONTNEED");
	expect("kernel %d " OF_MEMFD, PAGES);
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
