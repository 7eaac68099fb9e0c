// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One thread reads a page of an ordinary file, and then runs on without a system call or a fault.
 * Another one has that page dropped, and the same page comes back as memory of a memfd: it was
 * populated once, by the second.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "route.h"

enum { PAGES = 300 };

static char *file;
static atomic_int read_so_far, dropped;

/* Waits without an event. */
static void wait_for(atomic_int *counter, int value)
{
	while (atomic_load(counter) < value)
		;
}

static void *read_file(void *arg)
{
	(void)arg;
	for (int i = 0; i < PAGES; i++) {
		touch_read(file + (size_t)i * page_size, 1);
		atomic_store(&read_so_far, i + 1);
		wait_for(&dropped, i + 1);
	}
	return NULL;
}

static void run(int argc, char **argv)
{
	int fd = temp_file(PAGES), memory = route_memfd(PAGES);
	char *mem = map_shared(memory, PAGES);
	pthread_t thread;

	(void)argc, (void)argv;
	if (is_tmpfs(fd))
		skip("temporary files are in memory here: TMPDIR must be on a disk");
	file = mmap(NULL, PAGES * page_size, PROT_READ, MAP_SHARED, fd, 0);
	check_call("mmap", file != MAP_FAILED);
	check_call("MADV_RANDOM", !madvise(file, PAGES * page_size, MADV_RANDOM));
	check_call("POSIX_FADV_DONTNEED", !posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	check_call("pthread_create", !pthread_create(&thread, NULL, read_file, NULL));
	for (int i = 0; i < PAGES; i++) {
		off_t at = (off_t)((size_t)i * page_size);

		wait_for(&read_so_far, i + 1);
		check_call("MADV_DONTNEED", !madvise(file + at, page_size, MADV_DONTNEED));
		check_call("POSIX_FADV_DONTNEED",
			   !posix_fadvise(fd, at, (off_t)page_size, POSIX_FADV_DONTNEED));
		touch_write(mem + at, 1);
		atomic_store(&dropped, i + 1);
	}
	check_call("pthread_join", !pthread_join(thread, NULL));
	check_equal("st_blocks in pages", memfd_pages(memory), PAGES);

	expect("populated %d " OF_MEMFD, PAGES);
	expect("populated %d " OF_MEMFD " symbol=touch_write access=write", PAGES);
	expect("populated 0 symbol=touch_read");
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run, .flags = ROUTE_ANY_CPU};
