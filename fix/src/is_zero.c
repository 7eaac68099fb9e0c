// SPDX-License-Identifier: LGPL-2.1-or-later
/* Tells whether a range reads as zero. Reads only pages that were populated. */
#include "buffer.h"
#include "track.h"
#include "walk.h"

static bool range_is_zero(const struct migfix_region *region, uint64_t from, uint64_t to)
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

bool mfx_is_zero(const struct migfix_region *region, uint64_t from, uint64_t to)
{
	bool zero = true;

	while (zero && from < to) {
		bool clean = false;
		uint64_t end = mfx_track_is_on(region) ? mfx_track_next(region, from, to, &clean)
						       : to;

		zero = clean || range_is_zero(region, from, end);
		from = end;
	}
	return zero;
}
