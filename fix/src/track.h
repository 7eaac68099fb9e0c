/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows which pages may be other than zero, if the loader promised that it writes only after
 * migfix_write(). A bit is set before its page is written, and cleared after all of the page was
 * made zero. Two such calls on one page at a time are the caller's mistake, so relaxed accesses are
 * enough.
 */
#ifndef MIGFIX_TRACK_H
#define MIGFIX_TRACK_H

#include "bitmap.h"
#include "region.h"

/* Off with MIGFIX_MUST_BE_PRESENT: each page must be made present then, and a page known to be zero
 * may be a hole. */
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

/* Stores in *clean whether the page at "from" is known to be zero, and returns where the pages that
 * are like it end. */
static inline uint64_t mfx_track_next(const struct migfix_region *region, uint64_t from,
				      uint64_t to, bool *clean)
{
	uint64_t first = from >> region->page_shift;
	uint64_t after = mfx_track_page_after(region, to);

	*clean = mfx_bitmap_find(region->unclean, first, first + 1, true) != first;
	return mfx_min(to, mfx_bitmap_find(region->unclean, first, after, *clean)
				   << region->page_shift);
}

/* [from, to) was made zero: clears the bits of the pages that lie in it as a whole. */
static inline void mfx_track_zeroed(struct migfix_region *region, uint64_t from, uint64_t to)
{
	uint64_t first = mfx_track_page_after(region, from);
	uint64_t after = to == region->len ? region->pages : to >> region->page_shift;

	if (region->unclean && first < after)
		mfx_bitmap_clear(region->unclean, first, after);
}

/* [from, to) may be written from now on: sets the bits of its pages. */
static inline void mfx_track_written(struct migfix_region *region, uint64_t from, uint64_t to)
{
	if (region->unclean)
		mfx_bitmap_set(region->unclean, from >> region->page_shift,
			       mfx_track_page_after(region, to));
}

#endif
