// SPDX-License-Identifier: LGPL-2.1-or-later
/* Tells whether a range reads as zero. Reads only pages that were populated. */
#include "buffer.h"
#include "track.h"
#include "walk.h"

#include <errno.h>

static bool is_zero(const struct migfix_region *region, uint64_t from, uint64_t to)
{
	struct mfx_extent extent;
	struct mfx_walk walk;

	mfx_walk_begin(&walk, region, from, to, true);
	while (mfx_walk_next(&walk, &extent)) {
		extent.from = mfx_max(extent.from, from);
		extent.to = mfx_min(extent.to, to);
		if (!mfx_buffer_is_zero(region->memory + extent.from, extent.to - extent.from))
			return false;
	}
	return true;
}

int migfix_is_zero(struct migfix_region *region, uint64_t off, uint64_t len)
{
	uint64_t end = off + len;
	int saved = errno, err;
	bool zero = true;

	if (!mfx_is_within(region, off, len))
		return -EINVAL;
	err = mfx_batch_finish(region, off, len);
	if (err)
		return err;
	while (zero && off < end) {
		bool clean = false;
		uint64_t to = mfx_track_is_on(region) ? mfx_track_next(region, off, end, &clean)
						      : end;

		zero = clean || is_zero(region, off, to);
		off = to;
	}
	errno = saved;
	return zero;
}
