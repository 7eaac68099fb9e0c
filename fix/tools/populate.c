// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * migpop-populate: populates a region with discarded sections, as virtio-mem leaves them, by
 * reading a byte of every page or by the library's routine. It waits until it is told to populate,
 * so that somebody can observe it, and reports no result: the observer does.
 *
 *     migpop-populate loop|routine memfd|memfd-private|ram|hugetlb BYTES A/B
 *
 * Of every B sections of 2 MiB the first A are discarded. The program writes a byte when the region
 * is mapped, waits for a byte, populates, writes a byte, and stays until its standard input ends.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "migfix.h"

#define SECTION (2ULL << 20)

struct region {
	char *start;
	uint64_t length;
	uint64_t *discarded; /* one bit for each section */
};

static int complain(const char *what, int err)
{
	fprintf(stderr, "migpop-populate: %s: %s\n", what, strerrordesc_np(err));
	return 1;
}

static int map_region(struct region *r, const char *kind)
{
	bool is_private = strcmp(kind, "memfd") != 0 && strcmp(kind, "hugetlb") != 0;
	int flags = is_private ? MAP_PRIVATE : MAP_SHARED, fd = -1;
	char *reserved;

	/* Aligned to 2 MiB, so that each section has a page table of its own. */
	reserved = mmap(NULL, r->length + SECTION, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (reserved == MAP_FAILED)
		return errno;
	r->start = reserved + (SECTION - (uintptr_t)reserved % SECTION) % SECTION;
	if (strcmp(kind, "ram") != 0) {
		fd = memfd_create("migpop-populate", strcmp(kind, "hugetlb")
							     ? MFD_CLOEXEC
							     : MFD_CLOEXEC | MFD_HUGETLB);
		if (fd < 0 || ftruncate(fd, (off_t)r->length))
			return errno;
	} else {
		flags |= MAP_ANONYMOUS;
	}
	if (mmap(r->start, r->length, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0) ==
	    MAP_FAILED)
		return errno;
	return 0;
}

static int mark_discarded(struct region *r, uint64_t a, uint64_t b)
{
	uint64_t n = r->length / SECTION;

	r->discarded = calloc(n / 64 + 1, sizeof(*r->discarded));
	if (!r->discarded)
		return ENOMEM;
	for (uint64_t i = 0; i < n; i++)
		if (i % b < a)
			r->discarded[i / 64] |= 1ULL << (i % 64);
	return 0;
}

static int by_loop(const struct region *r)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (uint64_t at = 0; at < r->length; at += page)
		(void)*(volatile char *)(r->start + at);
	return 0;
}

static int by_routine(const struct region *r)
{
	struct migfix_options options = MIGFIX_OPTIONS_INIT;
	struct migfix_region *region;
	int err = migfix_region_open(&region, r->start, r->length, &options);

	if (err)
		return -err;
	err = migfix_populate_read_bitmap(region, 0, r->length, r->discarded, SECTION);
	migfix_region_close(region);
	return -err;
}

/* Writes a byte and waits for one. Returns false at the end of input. */
static bool meet(void)
{
	char byte = '.';

	return write(STDOUT_FILENO, &byte, 1) == 1 && read(STDIN_FILENO, &byte, 1) == 1;
}

int main(int argc, char **argv)
{
	struct region r = {0};
	uint64_t a, b;
	int err, status = 0;

	if (argc != 5 || sscanf(argv[3], "%" SCNu64, &r.length) != 1 ||
	    sscanf(argv[4], "%" SCNu64 "/%" SCNu64, &a, &b) != 2 || !b || !r.length ||
	    r.length % SECTION) {
		fputs("usage: migpop-populate loop|routine KIND BYTES A/B\n", stderr);
		return 2;
	}
	err = map_region(&r, argv[2]);
	if (!err)
		err = mark_discarded(&r, a, b);
	if (err) {
		status = complain("cannot make the region", err);
	} else if (meet()) {
		err = strcmp(argv[1], "routine") != 0 ? by_loop(&r) : by_routine(&r);
		if (err)
			status = complain("cannot populate", err);
		else
			meet();
	}
	free(r.discarded);
	return status;
}
