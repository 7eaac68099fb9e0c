// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compares the memory of two guests byte for byte, in steps that fit into a CPU's cache.
 */
#include "verify/content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEP = 512 << 10 };

static void compare_pages(const char *a, const char *b, size_t len, uint64_t first,
			  struct page_set *differing)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!memcmp(a, b, len))
		return;
	for (size_t at = 0; at < len; at += page)
		if (memcmp(a + at, b + at, page))
			page_set__add(differing, first + at / page);
}

int content__compare(struct guest_memory *a, struct guest_memory *b, uint64_t from, uint64_t len,
		     struct page_set *differing)
{
	char *buffers = malloc((size_t)2 * STEP);
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	int err = buffers ? 0 : -ENOMEM;

	for (uint64_t off = from; off < from + len && !err; off += STEP) {
		size_t step = from + len - off < STEP ? (size_t)(from + len - off) : STEP;
		bool any_a = false, any_b = false;

		err = guest_memory__read(a, off, buffers, step, &any_a);
		if (!err)
			err = guest_memory__read(b, off, buffers + STEP, step, &any_b);
		if (err || (!any_a && !any_b))
			continue;
		if (!any_a)
			memset(buffers, 0, step);
		if (!any_b)
			memset(buffers + STEP, 0, step);
		compare_pages(buffers, buffers + STEP, step, off / page, differing);
	}
	free(buffers);
	return err;
}
