// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Finds which pages were populated before the region was opened. Somebody allocated them on
 * purpose, so they are kept, and their content is not known. The cost grows with what is populated,
 * not with what is mapped.
 */
#include "bitmap.h"
#include "walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Looking at this many extents takes 0.6 s. If a file has more, its rest counts as populated. */
#define MOST_EXTENTS (1 << 20)

static int keep(struct migfix_region *region, uint64_t from, uint64_t to)
{
	to = mfx_min(mfx_page_up(region, to) >> region->page_shift, region->pages);
	from >>= region->page_shift;
	if (from >= to)
		return 0;
	if (!region->kept) {
		region->kept = mfx_bitmap_new(region->pages);
		if (!region->kept)
			return -ENOMEM;
	}
	region->preallocated_pages += mfx_bitmap_set(region->kept, from, to);
	return 0;
}

static int sight_private(struct migfix_region *region)
{
	struct mfx_extent extent;
	struct mfx_walk walk;
	int err = 0;

	mfx_walk_begin(&walk, region, 0, region->pages << region->page_shift, true);
	while (!err && mfx_walk_next(&walk, &extent))
		err = keep(region, extent.from, extent.to);
	return err;
}

/* Keeps the pages that [data, hole) of the file has in common with the region. */
static int keep_of_file(struct migfix_region *region, uint64_t data, uint64_t hole)
{
	uint64_t begin = region->fd_offset, end = begin + region->len;

	data = mfx_max(data, begin);
	hole = mfx_min(hole, end);
	return data < hole ? keep(region, data - begin, hole - begin) : 0;
}

/* Goes through the whole file, because st_blocks counts all of it. If the file has more blocks than
 * data, some pages were allocated by fallocate() and never written. Nothing tells where these are,
 * so all pages are kept. */
static int sight_file(struct migfix_region *region)
{
	uint64_t data_bytes = 0;
	off_t data, hole = 0;
	struct stat file;
	int extents, err = 0;

	if (fstat(region->fd, &file))
		return -errno;
	if (!file.st_blocks)
		return 0;
	for (extents = 0; !err && extents < MOST_EXTENTS; extents++) {
		data = lseek(region->fd, hole, SEEK_DATA);
		if (data < 0)
			break;
		hole = lseek(region->fd, data, SEEK_HOLE);
		if (hole < 0)
			break;
		data_bytes += mfx_page_up(region, (uint64_t)(hole - data));
		err = keep_of_file(region, (uint64_t)data, (uint64_t)hole);
	}
	if (err)
		return err;
	if (extents == MOST_EXTENTS)
		return keep_of_file(region, (uint64_t)hole, UINT64_MAX);
	if ((uint64_t)file.st_blocks * 512 > data_bytes) {
		region->ask = MFX_ASK_PREAD;
		return keep(region, 0, region->len);
	}
	return 0;
}

int mfx_sight(struct migfix_region *region, uint64_t resident)
{
	int err = 0;

	if (region->backing == MIGFIX_BACKING_ANON && resident)
		err = sight_private(region);
	else if (region->backing == MIGFIX_BACKING_SHMEM)
		err = sight_file(region);
	if (region->preallocated_pages == region->pages)
		atomic_fetch_or_explicit(&region->flags, MIGFIX_PREALLOCATED, memory_order_relaxed);
	return err;
}
