// SPDX-License-Identifier: LGPL-2.1-or-later
/* Tells which pages of a private mapping are present or swapped out, one chunk at a time. The
 * shared page of zeros, which the kernel maps when a hole is read, counts as not populated where
 * the kernel can tell it apart (Linux 6.7). */
#include "pagemap.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ENTRY_PRESENT (UINT64_C(1) << 63)
#define ENTRY_SWAPPED (UINT64_C(1) << 62)

/* struct pm_scan_arg of Linux 6.7; older kernel headers do not have it. */
struct scan {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define SCAN_IOCTL      _IOWR('f', 16, struct scan)
#define SCAN_IS_PRESENT (1 << 3)
#define SCAN_IS_SWAPPED (1 << 4)
#define SCAN_IS_PFNZERO (1 << 5)

static int scan(struct mfx_pagemap *chunk, const struct migfix_region *region, uint64_t from,
		uint64_t to)
{
	uint64_t base = (uintptr_t)region->memory;
	struct scan args = {.size = sizeof(args),
			    .start = base + from,
			    .end = base + to,
			    .vec = (uintptr_t)chunk->extents,
			    .vec_len = sizeof(chunk->extents) / sizeof(chunk->extents[0]),
			    .category_inverted = SCAN_IS_PFNZERO,
			    .category_mask = SCAN_IS_PFNZERO,
			    .category_anyof_mask = SCAN_IS_PRESENT | SCAN_IS_SWAPPED,
			    /* The kernel joins neighbouring pages into one extent only if the
			     * returned categories are equal. Asking for this single category joins
			     * as many as possible. */
			    .return_mask = SCAN_IS_PFNZERO};
	int found = ioctl(region->pagemap, SCAN_IOCTL, &args);

	if (found < 0)
		return -errno;
	chunk->next = 0;
	chunk->count = (unsigned int)found;
	chunk->scanned = args.walk_end - base;
	return 0;
}

int mfx_pagemap_open(struct migfix_region *region)
{
	struct mfx_pagemap chunk;

	region->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (region->pagemap < 0)
		return -errno;
	region->scans = !scan(&chunk, region, 0, region->page_size);
	return 0;
}

static int scan_next(struct mfx_pagemap *chunk, const struct migfix_region *region, uint64_t from,
		     uint64_t to, uint64_t *start, uint64_t *end)
{
	uint64_t base = (uintptr_t)region->memory;

	for (;;) {
		while (chunk->next < chunk->count) {
			const struct mfx_pagemap_extent *extent = &chunk->extents[chunk->next];

			*start = mfx_max(extent->start - base, from);
			*end = extent->end - base;
			if (*start < *end)
				return 1;
			chunk->next++;
		}
		from = mfx_max(from, chunk->scanned);
		if (from >= to)
			return 0;
		int err = scan(chunk, region, from, to);
		if (err)
			return err;
	}
}

static int read_entries(struct mfx_pagemap *chunk, const struct migfix_region *region,
			uint64_t from, uint64_t to)
{
	unsigned int shift = region->page_shift;
	uint64_t count = mfx_min((to - from) >> shift, 512);
	uint64_t host = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t at = ((uintptr_t)region->memory + from) / host;

	/* An entry stands for one page of the host even where pages are huge: read the first entry
	 * of one huge page. */
	if (region->page_size != host)
		count = 1;
	if (pread(region->pagemap, chunk->entries, count * 8, (off_t)(at * 8)) !=
	    (ssize_t)(count * 8))
		return -EIO;
	chunk->first = from >> shift;
	chunk->next = 0;
	chunk->count = (unsigned int)count;
	chunk->scanned = from + (count << shift);
	return 0;
}

static bool is_populated(uint64_t entry)
{
	return entry & (ENTRY_PRESENT | ENTRY_SWAPPED);
}

static int read_next(struct mfx_pagemap *chunk, const struct migfix_region *region, uint64_t from,
		     uint64_t to, uint64_t *start, uint64_t *end)
{
	for (;;) {
		unsigned int i = chunk->next;

		while (i < chunk->count && (((chunk->first + i) << region->page_shift) < from ||
					    !is_populated(chunk->entries[i])))
			i++;
		chunk->next = i;
		if (i < chunk->count) {
			*start = (chunk->first + i) << region->page_shift;
			while (i < chunk->count && is_populated(chunk->entries[i]))
				i++;
			*end = (chunk->first + i) << region->page_shift;
			return 1;
		}
		from = mfx_max(from, chunk->scanned);
		if (from >= to)
			return 0;
		int err = read_entries(chunk, region, from, to);
		if (err)
			return err;
	}
}

int mfx_pagemap_next(struct mfx_pagemap *chunk, const struct migfix_region *region, uint64_t from,
		     uint64_t to, uint64_t *start, uint64_t *end)
{
	return region->scans ? scan_next(chunk, region, from, to, start, end)
			     : read_next(chunk, region, from, to, start, end);
}

bool mfx_pagemap_is_present(const struct migfix_region *region, uint64_t from, uint64_t to)
{
	struct mfx_pagemap chunk;

	from = mfx_page_down(region, from);
	to = mfx_page_up(region, to);
	for (; from < to; from = chunk.scanned) {
		if (read_entries(&chunk, region, from, to))
			return false;
		for (unsigned int i = 0; i < chunk.count; i++) {
			if (!(chunk.entries[i] & ENTRY_PRESENT))
				return false;
		}
	}
	return true;
}
