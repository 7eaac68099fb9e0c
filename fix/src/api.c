// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The public calls, in the order of migfix.h: each checks its arguments, decides which gathered
 * runs must be handled first, and calls the part of the library that does the work. No part calls a
 * public function.
 */
#include "batch.h"
#include "bitmap.h"
#include "open.h"
#include "track.h"

#include <errno.h>
#include <string.h>

#define CHANGEABLE_FLAGS                                                                           \
	(MIGFIX_PREALLOCATED | MIGFIX_LOCKED | MIGFIX_PINNED | MIGFIX_USERFAULTFD |                \
	 MIGFIX_SEALED | MIGFIX_READ_ONLY | MIGFIX_MUST_BE_PRESENT | MIGFIX_TRACK)
#define KNOWN_FLAGS (CHANGEABLE_FLAGS | MIGFIX_CONFINED)

/* Copies the caller's options. Members that a later version of the structure appended are accepted
 * if they are zero. */
static int read_options(struct migfix_options *options, const struct migfix_options *given)
{
	const unsigned char *bytes = (const unsigned char *)given;

	*options = (struct migfix_options)MIGFIX_OPTIONS_INIT;
	if (!given)
		return 0;
	if (given->size < sizeof(*options))
		return -EINVAL;
	for (size_t i = sizeof(*options); i < given->size; i++) {
		if (bytes[i])
			return -E2BIG;
	}
	*options = *given;
	if (options->flags & ~(uint32_t)KNOWN_FLAGS ||
	    (unsigned int)options->backing > MIGFIX_BACKING_HUGETLB ||
	    (unsigned int)options->policy > MIGFIX_POLICY_MADVISE_FIRST)
		return -EINVAL;
	return 0;
}

int migfix_region_open(struct migfix_region **region, void *addr, uint64_t len,
		       const struct migfix_options *options)
{
	struct migfix_options read;
	int saved = errno, err;

	if (!region || !addr || !len || len > MFX_LONGEST || (uintptr_t)addr > UINT64_MAX - len)
		return -EINVAL;
	err = read_options(&read, options);
	if (!err)
		err = mfx_open(region, addr, len, &read);
	errno = saved;
	return err;
}

int migfix_region_close(struct migfix_region *region)
{
	int saved = errno, err;

	if (!region)
		return 0;
	err = migfix_flush(region);
	if (!mfx_is_open(region))
		return err;
	atomic_store(&region->magic, 0);
	mfx_close(region);
	errno = saved;
	return err;
}

/* The gathered runs are handled while both the new restrictions and the old ones hold. */
int migfix_region_set_flags(struct migfix_region *region, uint32_t set, uint32_t clear)
{
	int err;

	if (!mfx_is_open(region) || set & clear || (set | clear) & ~(uint32_t)CHANGEABLE_FLAGS ||
	    (set & MIGFIX_TRACK && !(mfx_flags(region) & MIGFIX_TRACK)))
		return -EINVAL;
	atomic_fetch_or(&region->flags, set);
	err = migfix_flush(region);
	atomic_fetch_and(&region->flags, ~clear);
	return err;
}

int migfix_zero(struct migfix_region *region, uint64_t off, uint64_t len)
{
	int err;

	if (!mfx_is_within(region, off, len))
		return -EINVAL;
	if (mfx_track_is_on(region) && mfx_track_is_clean(region, off, off + len)) {
		mfx_count(region, MFX_CLEAN, mfx_pages(region, off, off + len));
		return 0;
	}
	/* A gathered run with one of these pages is handled first: else two threads might write the
	 * same page at a time, even if both write zeros. */
	err = mfx_batch_finish(region, off, len);
	return err ? err : mfx_zero(region, off, len);
}

int migfix_zero_later(struct migfix_region *region, uint64_t off, uint64_t len)
{
	if (!mfx_is_within(region, off, len))
		return -EINVAL;
	return mfx_batch_takes(region, off, len) ? mfx_batch_gather(region, off, len)
						 : migfix_zero(region, off, len);
}

int migfix_flush(struct migfix_region *region)
{
	return mfx_is_open(region) ? mfx_batch_finish(region, 0, region->len) : -EINVAL;
}

int migfix_write(struct migfix_region *region, uint64_t off, uint64_t len, void **memory)
{
	int err;

	if (!memory || !mfx_is_within(region, off, len))
		return -EINVAL;
	err = mfx_batch_finish(region, off, len);
	mfx_track_written(region, off, off + len);
	*memory = region->memory + off;
	return err;
}

int migfix_memory(struct migfix_region *region, void **memory)
{
	if (!memory || !mfx_is_open(region))
		return -EINVAL;
	*memory = region->memory;
	return mfx_batch_finish(region, 0, region->len);
}

int migfix_is_zero(struct migfix_region *region, uint64_t off, uint64_t len)
{
	int saved = errno, err;
	bool zero;

	if (!mfx_is_within(region, off, len))
		return -EINVAL;
	err = mfx_batch_finish(region, off, len);
	if (err)
		return err;
	zero = mfx_is_zero(region, off, off + len);
	errno = saved;
	return zero;
}

int migfix_populate_read(struct migfix_region *region, uint64_t off, uint64_t len,
			 migfix_next_discarded *next, void *opaque)
{
	int saved = errno, err;

	if (!mfx_is_within(region, off, len))
		return -EINVAL;
	err = mfx_batch_finish(region, off, len);
	if (!err)
		err = mfx_populate_read(region, mfx_page_down(region, off), off + len, next,
					opaque);
	errno = saved;
	return err;
}

/* The caller's bitmap of discarded granules. */
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

/* Copies as much of a structure as the caller knows. If the caller's structure is larger, the rest
 * becomes zero. */
static int give(void *to, size_t size, const void *from, size_t known)
{
	if (!to || !size)
		return -EINVAL;
	memset(to, 0, size);
	memcpy(to, from, size < known ? size : known);
	return 0;
}

int migfix_region_info(const struct migfix_region *region, struct migfix_info *info, size_t size)
{
	struct migfix_info known;

	if (!mfx_is_open(region))
		return -EINVAL;
	known = (struct migfix_info){.backing = region->backing,
				     .policy = region->policy,
				     .flags = mfx_flags(region),
				     .page_size = region->page_size,
				     .preallocated_pages = region->preallocated_pages};
	known.gives_back = region->policy != MIGFIX_POLICY_READ_FIRST &&
			   mfx_gives_back(region, known.flags);
	return give(info, size, &known, sizeof(known));
}

int migfix_region_stats(const struct migfix_region *region, struct migfix_stats *stats, size_t size)
{
	struct migfix_stats known;
	uint64_t counts[MFX_COUNTS], zero_pages = 0;

	if (!mfx_is_open(region))
		return -EINVAL;
	for (int i = 0; i < MFX_COUNTS; i++) {
		counts[i] = atomic_load_explicit(&region->counts[i], memory_order_relaxed);
		zero_pages += i < MFX_ZERO_KINDS ? counts[i] : 0;
	}
	known = (struct migfix_stats){.zero_pages = zero_pages,
				      .clean_pages = counts[MFX_CLEAN],
				      .hole_pages = counts[MFX_HOLE],
				      .discarded_pages = counts[MFX_DISCARDED],
				      .compared_pages = counts[MFX_COMPARED],
				      .written_pages = counts[MFX_WRITTEN],
				      .populated_pages = counts[MFX_POPULATED],
				      .not_freed_pages = counts[MFX_NOT_FREED],
				      .runs = counts[MFX_RUNS]};
	return give(stats, size, &known, sizeof(known));
}

const char *migfix_version(void)
{
	return MIGFIX_VERSION;
}
