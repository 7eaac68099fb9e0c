// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Finds the pages of a range that may be other than zero, and populates none on its way. Each
 * backing is asked in its own way. If the kernel reports an error, the page may be other than zero.
 */
#include "walk.h"

#include "buffer.h"

#include <errno.h>
#include <unistd.h>

void mfx_walk_begin(struct mfx_walk *walk, const struct migfix_region *region, uint64_t from,
		    uint64_t to, bool exact)
{
	walk->region = region;
	walk->from = from;
	walk->to = to;
	walk->pos = mfx_page_down(region, from);
	walk->end = mfx_page_up(region, to);
	walk->exact = exact;
	walk->pagemap.scanned = 0;
	walk->pagemap.next = walk->pagemap.count = 0;
}

static bool found(struct mfx_walk *walk, uint64_t from, uint64_t to, struct mfx_extent *extent)
{
	extent->from = from;
	extent->to = mfx_min(to, walk->end);
	walk->pos = extent->to;
	return true;
}

static bool next_by_pagemap(struct mfx_walk *walk, struct mfx_extent *extent)
{
	uint64_t from, to;
	int err = mfx_pagemap_next(&walk->pagemap, walk->region, walk->pos, walk->end, &from, &to);

	if (err < 0)
		return found(walk, walk->pos, walk->end, extent);
	return err && found(walk, from, to, extent);
}

/* SEEK_HOLE would tell where the data ends, but it has no limit: in a memory that is all data, each
 * call would walk to the end of it. */
static bool next_by_seek(struct mfx_walk *walk, struct mfx_extent *extent)
{
	const struct migfix_region *region = walk->region;
	off_t data = lseek(region->fd, (off_t)(region->fd_offset + walk->pos), SEEK_DATA);
	uint64_t from;

	if (data < 0 && errno == ENXIO)
		return false;
	if (data < 0)
		return found(walk, walk->pos, walk->end, extent);
	from = mfx_page_down(region, (uint64_t)data - region->fd_offset);
	if (from >= walk->end)
		return false;
	return found(walk, from, walk->exact ? from + region->page_size : walk->end, extent);
}

/* The file is zero beyond its end: a page there cannot be read at all. */
static bool file_is_zero(const struct migfix_region *region, uint64_t from, uint64_t to)
{
	unsigned char bytes[16384];

	while (from < to) {
		size_t want = (size_t)mfx_min(to - from, sizeof(bytes));
		ssize_t got = pread(region->fd, bytes, want, (off_t)(region->fd_offset + from));

		if (got < 0 || !mfx_buffer_is_zero(bytes, (size_t)got))
			return false;
		if (!got)
			return true;
		from += (uint64_t)got;
	}
	return true;
}

/* A page that this process mapped is found through pagemap, and read in place. For the others the
 * file is read, and of a huge page only the bytes that were asked for. Where SEEK_DATA would walk
 * over pages that were allocated and never written, reading the file looks at one page. */
static bool next_by_pread(struct mfx_walk *walk, struct mfx_extent *extent)
{
	const struct migfix_region *region = walk->region;

	for (; walk->pos < walk->end; walk->pos += region->page_size) {
		uint64_t from, to, end = walk->pos + region->page_size;
		int mapped = region->pagemap < 0
				     ? 0
				     : mfx_pagemap_next(&walk->pagemap, region, walk->pos,
							walk->end, &from, &to);

		if (mapped < 0 || (mapped && from == walk->pos) ||
		    !file_is_zero(region, mfx_max(walk->pos, walk->from), mfx_min(end, walk->to)))
			return found(walk, walk->pos, end, extent);
	}
	return false;
}

bool mfx_walk_next(struct mfx_walk *walk, struct mfx_extent *extent)
{
	if (walk->pos >= walk->end)
		return false;
	switch (walk->region->ask) {
	case MFX_ASK_PAGEMAP:
		return next_by_pagemap(walk, extent);
	case MFX_ASK_SEEK:
		return next_by_seek(walk, extent);
	case MFX_ASK_PREAD:
		return next_by_pread(walk, extent);
	case MFX_ASK_NOBODY:
		break;
	}
	return found(walk, walk->pos, walk->end, extent);
}
