/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A loader of guest memory that leaves zero pages as holes, copies payload, and forgets no page
 * that is still gathered. It reads its stream from stdin, one line for each page: "OFFSET zero", or
 * "OFFSET TEXT", where TEXT fills the page.
 *
 *     cc loader.c $(pkg-config --cflags --libs migfix) -o loader
 *     printf '%s\n' '0 hello' '4096 zero' '8192 world' '0 zero' | ./loader
 */
#define _GNU_SOURCE /* for memfd_create() */
#include <migfix.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 16384 };

static long populated(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? -1 : (long)(st.st_blocks / (PAGE / 512));
}

static int load(struct migfix_region *region, FILE *stream)
{
	unsigned long long off;
	char text[64];
	void *page;
	int err = 0;

	while (!err && fscanf(stream, "%llu %63s", &off, text) == 2) {
		if (!strcmp(text, "zero")) {
			err = migfix_zero_later(region, off, PAGE);
			continue;
		}
		err = migfix_write(region, off, PAGE, &page);
		for (size_t at = 0; !err && at < PAGE; at++)
			((char *)page)[at] = text[at % strlen(text)];
	}
	return err;
}

int main(void)
{
	struct migfix_options options = MIGFIX_OPTIONS_INIT;
	struct migfix_region *region = NULL;
	void *memory = MAP_FAILED;
	int fd = memfd_create("guest", MFD_CLOEXEC), err, closed;

	if (fd >= 0 && !ftruncate(fd, (off_t)PAGES * PAGE))
		memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return perror("loader"), 1;
	printf("before: %ld of %d pages populated\n", populated(fd), PAGES);

	options.fd = fd;
	options.flags = MIGFIX_TRACK; /* nobody else writes this memory until it is loaded */
	err = migfix_region_open(&region, memory, PAGES * PAGE, &options);
	if (!err)
		err = load(region, stdin);
	if (!err)
		err = migfix_memory(region, &memory); /* no run is pending: the guest may run */
	closed = migfix_region_close(region);
	if (err || (err = closed))
		return fprintf(stderr, "loader: %s\n", strerror(-err)), 1;
	printf("after: %ld of %d pages populated\n", populated(fd), PAGES);
	return 0;
}
