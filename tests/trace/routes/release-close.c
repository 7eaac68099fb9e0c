// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Release: closing the last reference to a memfd frees its pages. With a mapping left, closing the
 * descriptor frees nothing and the munmap() does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "route.h"

enum { CLOSED = 1500, UNMAPPED = 1200 };

static long shmem_of_system(void)
{
	char meminfo[4096], *line;
	FILE *file = fopen("/proc/meminfo", "re");
	size_t n;

	check_call("/proc/meminfo", file);
	n = fread(meminfo, 1, sizeof(meminfo) - 1, file);
	meminfo[n] = '\0';
	fclose(file);
	line = strstr(meminfo, "\nShmem:");
	check_call("Shmem in /proc/meminfo", line);
	return (long)(strtoul(line + 7, NULL, 10) * 1024 / page_size);
}

static void run(int argc, char **argv)
{
	int closed = route_memfd(CLOSED), mapped = route_memfd(UNMAPPED);
	char *a = map_shared(closed, CLOSED), *b = map_shared(mapped, UNMAPPED);
	long before = shmem_of_system();

	(void)argc, (void)argv;
	touch_write(a, CLOSED);
	touch_write(b, UNMAPPED);
	check_call("munmap", !munmap(a, CLOSED * page_size));
	check_equal("st_blocks before", memfd_pages(closed), CLOSED);
	check_call("close", !close(closed));
	check_call("close", !close(mapped));
	check_equal("content of a mapped page", b[0], 1);
	check_call("munmap", !munmap(b, UNMAPPED * page_size));
	if (shmem_of_system() > before + CLOSED)
		fail("the pages of closed memfds are still there");

	expect("populated %d " OF_MEMFD, CLOSED + UNMAPPED);
	expect("released %d syscall=close", CLOSED);
	expect("released %d syscall=munmap", UNMAPPED);
	expect("residual 0 " OF_MEMFD " unless-null");
}

const struct route route = {.run = run};
