// SPDX-License-Identifier: LGPL-2.1-or-later
/* Populates pages for reading, except those that somebody discarded. */
#include "bitmap.h"
#include "region.h"

#include <errno.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

static void touch(const struct migfix_region *region, uint64_t from, uint64_t to)
{
	for (; from < to; from += region->page_size)
		(void)*(const volatile unsigned char *)(region->memory + from);
}

int mfx_populate(const struct migfix_region *region, uint64_t from, uint64_t to)
{
	from = mfx_page_down(region, from);
	to = mfx_page_up(region, to);
	while (madvise(region->memory + from, to - from, MADV_POPULATE_READ)) {
		if (errno == EINVAL) { /* Linux before 5.14 does not know MADV_POPULATE_READ */
			touch(region, from, to);
			break;
		}
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
	return 0;
}

static int next_discarded(migfix_next_discarded *next, void *opaque, uint64_t off,
			  struct migfix_section *section)
{
	int found = next ? next(opaque, off, section) : 0;

	if (found > 0 &&
	    (section->len > UINT64_MAX - section->off || section->off + section->len <= off))
		return -EINVAL;
	return found;
}

static int populate(struct migfix_region *region, uint64_t pos, uint64_t end,
		    migfix_next_discarded *next, void *opaque)
{
	while (pos < end) {
		struct migfix_section section;
		int err, found = next_discarded(next, opaque, pos, &section);
		uint64_t to = end;

		if (found < 0)
			return found;
		if (found)
			to = mfx_min(end, mfx_page_down(region, section.off));
		err = pos < to ? mfx_populate(region, pos, to) : 0;
		if (err)
			return err;
		if (!found || section.off + section.len >= end)
			break;
		pos = mfx_page_up(region, section.off + section.len);
	}
	return 0;
}

int migfix_populate_read(struct migfix_region *region, uint64_t off, uint64_t len,
			 migfix_next_discarded *next, void *opaque)
{
	int saved = errno, err;

	if (!mfx_is_within(region, off, len))
		return -EINVAL;
	err = mfx_batch_finish(region, off, len);
	if (!err)
		err = populate(region, mfx_page_down(region, off), off + len, next, opaque);
	errno = saved;
	return err;
}

struct granules {
	const _Atomic uint64_t *discarded;
	uint64_t granule, count;
};

static int next_granules(void *opaque, uint64_t off, struct migfix_section *section)
{
	const struct granules *granules = opaque;
	uint64_t first = mfx_bitmap_find(granules->discarded, off / granules->granule,
					 granules->count, true);
	uint64_t after = mfx_bitmap_find(granules->discarded, first, granules->count, false);

	section->off = first * granules->granule;
	section->len = (after - first) * granules->granule;
	return first < after;
}

int migfix_populate_read_bitmap(struct migfix_region *region, uint64_t off, uint64_t len,
				const uint64_t *discarded, uint64_t granule)
{
	struct granules granules = {(const _Atomic uint64_t *)discarded, granule, 0};

	if (!mfx_is_within(region, off, len) || !discarded || __builtin_popcountll(granule) != 1)
		return -EINVAL;
	granules.count = (region->len - 1) / granule + 1;
	return migfix_populate_read(region, off, len, next_granules, &granules);
}
