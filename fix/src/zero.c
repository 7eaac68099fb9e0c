// SPDX-License-Identifier: LGPL-2.1-or-later
/* Makes a range read as zero. Holes are left alone, populated pages are given back if that is
 * allowed, and the others are compared and, if they are not zero, written. */
#include "buffer.h"
#include "bitmap.h"
#include "track.h"
#include "walk.h"

#include <errno.h>
#include <string.h>

struct zeroing {
	struct migfix_region *region;
	uint32_t flags;
	bool gives_back;
	uint64_t counts[MFX_COUNTS];
};

static void count(struct zeroing *zeroing, enum mfx_count what, uint64_t from, uint64_t to)
{
	zeroing->counts[what] += mfx_pages(zeroing->region, from, to);
}

/* Writes zeros to pages that are not zero. Pages that were zero already are counted as
 * "unwritten". */
static int compare(struct zeroing *zeroing, uint64_t from, uint64_t to, enum mfx_count unwritten)
{
	const struct migfix_region *region = zeroing->region;

	while (from < to) {
		uint64_t end = mfx_min(mfx_page_down(region, from) + region->page_size, to);
		void *memory = region->memory + from;

		if (mfx_buffer_is_zero(memory, end - from)) {
			count(zeroing, unwritten, from, end);
		} else if (zeroing->flags & MIGFIX_READ_ONLY) {
			return -EACCES;
		} else {
			memset(memory, 0, end - from);
			count(zeroing, MFX_WRITTEN, from, end);
		}
		from = end;
	}
	return 0;
}

/* Handles the hole [from, to). If a userfaultfd handler must place the page, it may not be touched
 * here: that would wait for the handler, which may be this very thread. A page placed by
 * UFFDIO_ZEROPAGE is the kernel's page of zeros: the walk sees it as a hole, but it is present. */
static int leave_hole(struct zeroing *zeroing, uint64_t from, uint64_t to)
{
	const struct migfix_region *region = zeroing->region;
	bool present, must = zeroing->flags & MIGFIX_MUST_BE_PRESENT;
	int err;

	if (from == to)
		return 0;
	present = must && zeroing->flags & MIGFIX_USERFAULTFD && region->ask == MFX_ASK_PAGEMAP &&
		  mfx_pagemap_is_present(region, from, to);
	if (must && !present) {
		if (zeroing->flags & MIGFIX_USERFAULTFD)
			return -EBUSY;
		err = mfx_populate(zeroing->region, from, to);
		if (err)
			return err;
		count(zeroing, MFX_POPULATED, from, to);
	}
	count(zeroing, MFX_HOLE, from, to);
	return 0;
}

/* Zeroes a range whose pages are kept. Holes are not read. */
static int zero_kept(struct zeroing *zeroing, uint64_t from, uint64_t to, enum mfx_count unwritten)
{
	const struct migfix_region *region = zeroing->region;
	struct mfx_extent extent;
	struct mfx_walk walk;
	uint64_t pos = from;
	int err = 0;

	mfx_walk_begin(&walk, region, from, to, true);
	while (!err && mfx_walk_next(&walk, &extent)) {
		extent.from = mfx_max(extent.from, from);
		extent.to = mfx_min(extent.to, to);
		err = leave_hole(zeroing, pos, extent.from);
		if (!err)
			err = compare(zeroing, extent.from, extent.to, unwritten);
		pos = extent.to;
	}
	return err ? err : leave_hole(zeroing, pos, to);
}

/* Looks which pages are left after a range was given back, and compares them: the kernel zeroes a
 * huge page of tmpfs that it cannot split in place, and keeps it. */
static int verify_discarded(struct zeroing *zeroing, uint64_t from, uint64_t to)
{
	struct mfx_extent extent;
	struct mfx_walk walk;
	uint64_t pos = from;
	int err = 0;

	mfx_walk_begin(&walk, zeroing->region, from, to, true);
	while (!err && mfx_walk_next(&walk, &extent)) {
		count(zeroing, MFX_DISCARDED, pos, extent.from);
		err = compare(zeroing, extent.from, extent.to, MFX_NOT_FREED);
		pos = extent.to;
	}
	count(zeroing, MFX_DISCARDED, pos, to);
	return err;
}

static int give_back(struct zeroing *zeroing, uint64_t from, uint64_t to)
{
	if (mfx_discard(zeroing->region, from, to)) {
		zeroing->gives_back = false;
		return zero_kept(zeroing, from, to, MFX_COMPARED);
	}
	/* After MADV_DONTNEED the page table has no entries, so no page can have stayed. */
	if (zeroing->region->backing == MIGFIX_BACKING_SHMEM)
		return verify_discarded(zeroing, from, to);
	count(zeroing, MFX_DISCARDED, from, to);
	return 0;
}

static int zero_given_back(struct zeroing *zeroing, uint64_t from, uint64_t to)
{
	struct mfx_extent extent;
	struct mfx_walk walk;
	int err = 0;

	if (zeroing->region->policy == MIGFIX_POLICY_MADVISE_FIRST)
		return give_back(zeroing, from, to);
	mfx_walk_begin(&walk, zeroing->region, from, to, false);
	while (!err && mfx_walk_next(&walk, &extent)) {
		count(zeroing, MFX_HOLE, from, extent.from);
		err = give_back(zeroing, extent.from, extent.to);
		from = extent.to;
	}
	count(zeroing, MFX_HOLE, from, to);
	return err;
}

/* Zeroes whole pages. Those that were populated when the region was opened are kept. */
static int zero_whole(struct zeroing *zeroing, uint64_t from, uint64_t to)
{
	const struct migfix_region *region = zeroing->region;
	unsigned int shift = region->page_shift;
	int err = 0;

	while (!err && from < to) {
		uint64_t end = to, kept = to;

		if (region->kept && zeroing->gives_back) {
			kept = mfx_bitmap_find(region->kept, from >> shift, to >> shift, true)
			       << shift;
			end = mfx_bitmap_find(region->kept, kept >> shift, to >> shift, false)
			      << shift;
		}
		if (!zeroing->gives_back)
			kept = from;
		if (from < kept)
			err = zero_given_back(zeroing, from, kept);
		if (!err && kept < end)
			err = zero_kept(zeroing, kept, end, MFX_COMPARED);
		from = end;
	}
	return err;
}

static int zero_range(struct zeroing *zeroing, uint64_t from, uint64_t to)
{
	const struct migfix_region *region = zeroing->region;
	uint64_t head = mfx_min(mfx_page_up(region, from), to);
	uint64_t tail = mfx_max(mfx_page_down(region, to), head);
	int err = 0;

	if (region->policy == MIGFIX_POLICY_READ_FIRST)
		return compare(zeroing, from, to, MFX_COMPARED);
	if (from < head)
		err = zero_kept(zeroing, from, head, MFX_COMPARED);
	if (!err && head < tail)
		err = zero_whole(zeroing, head, tail);
	if (!err && tail < to)
		err = zero_kept(zeroing, tail, to, MFX_COMPARED);
	return err;
}

static int zero_unclean(struct zeroing *zeroing, uint64_t from, uint64_t to)
{
	struct migfix_region *region = zeroing->region;
	bool tracked = mfx_track_is_on(region);
	int err = 0;

	while (!err && from < to) {
		bool clean = false;
		uint64_t end = tracked ? mfx_track_next(region, from, to, &clean) : to;

		if (clean) {
			count(zeroing, MFX_CLEAN, from, end);
		} else {
			err = zero_range(zeroing, from, end);
			if (!err)
				mfx_track_zeroed(region, from, end);
		}
		from = end;
	}
	return err;
}

int mfx_zero(struct migfix_region *region, uint64_t off, uint64_t len)
{
	struct zeroing zeroing = {.region = region, .flags = mfx_flags(region)};
	int saved = errno, err;

	zeroing.gives_back = mfx_gives_back(region, zeroing.flags);
	err = zero_unclean(&zeroing, off, off + len);
	for (int i = 0; i < MFX_COUNTS; i++) {
		if (zeroing.counts[i])
			mfx_count(region, (enum mfx_count)i, zeroing.counts[i]);
	}
	errno = saved;
	return err;
}
