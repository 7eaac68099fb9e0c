/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which pages may be other than zero, where the loader promised that only migfix_write() leads to
 * writes. A bit is set before its page is written and cleared after all of it was made zero; two
 * such calls on one page at a time are the caller's mistake, so relaxed accesses do.
 */
#ifndef MIGFIX_TRACK_H
#define MIGFIX_TRACK_H

#include "bitmap.h"
#include "region.h"

/* Where each page must be present, none is passed over: a clean one may be a hole. */
static inline bool mfx_track_is_on(const struct migfix_region *region)
{
	return (mfx_flags(region) & (MIGFIX_TRACK | MIGFIX_MUST_BE_PRESENT)) == MIGFIX_TRACK;
}

static inline uint64_t mfx_track_page_after(const struct migfix_region *region, uint64_t to)
{
	return (to + region->page_size - 1) >> region->page_shift;
}

static inline bool mfx_track_is_clean(const struct migfix_region *region, uint64_t from,
				      uint64_t to)
{
	uint64_t after = mfx_track_page_after(region, to);

	return mfx_bitmap_find(region->unclean, from >> region->page_shift, after, true) == after;
}

/* To where the pages from "from" on are as the first is, which is in *clean. */
static inline uint64_t mfx_track_next(const struct migfix_region *region, uint64_t from,
				      uint64_t to, bool *clean)
{
	uint64_t first = from >> region->page_shift;
	uint64_t after = mfx_track_page_after(region, to);

	*clean = mfx_bitmap_find(region->unclean, first, first + 1, true) != first;
	return mfx_min(to, mfx_bitmap_find(region->unclean, first, after, *clean)
				   << region->page_shift);
}

/* [from, to) was made zero: pages of which that is all. */
static inline void mfx_track_zeroed(struct migfix_region *region, uint64_t from, uint64_t to)
{
	uint64_t first = mfx_track_page_after(region, from);
	uint64_t after = to == region->len ? region->pages : to >> region->page_shift;

	if (region->unclean && first < after)
		mfx_bitmap_clear(region->unclean, first, after);
}

/* [from, to) may be written from now on. */
static inline void mfx_track_written(struct migfix_region *region, uint64_t from, uint64_t to)
{
	if (region->unclean)
		mfx_bitmap_set(region->unclean, from >> region->page_shift,
			       mfx_track_page_after(region, to));
}

#endif
