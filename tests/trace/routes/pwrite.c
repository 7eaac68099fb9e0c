// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * write() and pwrite() to a memfd: the file system allocates, no fault, no mapping. Writing a page
 * twice populates it once; part of a page is a page.
 */
#include <string.h>
#include <unistd.h>

#include "route.h"

enum { WRITTEN = 2000, PWRITTEN = 700, PARTIAL = 100 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(WRITTEN + PWRITTEN + PARTIAL);
	char *source = map_anon(WRITTEN);
	size_t size = WRITTEN * page_size, more = PWRITTEN * page_size;

	(void)argc, (void)argv;
	memset(source, 1, size);
	check_call("write", write(fd, source, size) == (ssize_t)size);
	check_equal("st_blocks after write", memfd_pages(fd), WRITTEN);
	for (int i = 0; i < 2; i++)
		check_call("pwrite", pwrite(fd, source, more, (off_t)size) == (ssize_t)more);
	for (size_t i = 0; i < PARTIAL; i++)
		check_call("pwrite of a byte",
			   pwrite(fd, source, 1, (off_t)(size + more + i * page_size + 7)) == 1);
	check_equal("st_blocks in pages", memfd_pages(fd), WRITTEN + PWRITTEN + PARTIAL);

	expect("populated %d " OF_MEMFD, WRITTEN + PWRITTEN + PARTIAL);
	expect("populated %d " OF_MEMFD " context=syscall syscall=write", WRITTEN);
	expect("populated %d " OF_MEMFD " context=syscall syscall=pwrite64", PWRITTEN + PARTIAL);
	expect("zero_populated 0 " OF_MEMFD);
	expect("faults 0 syscall=pwrite64");
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
