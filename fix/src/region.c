// SPDX-License-Identifier: LGPL-2.1-or-later
/* Opens and closes regions, changes their flags, and tells what is known of them. */
#include "region.h"

#include "detect.h"
#include "track.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

/* Maps a page that the kernel zeroes in a child after fork(). There the region must be refused: the
 * child has its own memory, but region->pagemap still describes the parent's. */
static int mark_here(struct migfix_region *region)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	bool *here = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (here == MAP_FAILED)
		return -errno;
	region->is_here = here;
	*here = true;
	return madvise(here, page, MADV_WIPEONFORK) ? -errno : 0;
}

static int open_tracking(struct migfix_region *region)
{
	bool sighted = region->backing == MIGFIX_BACKING_ANON ||
		       region->backing == MIGFIX_BACKING_SHMEM;

	if (!(mfx_flags(region) & MIGFIX_TRACK))
		return 0;
	region->unclean = mfx_bitmap_new(region->pages);
	if (!region->unclean)
		return -ENOMEM;
	if (!sighted)
		mfx_bitmap_set(region->unclean, 0, region->pages);
	else if (region->kept)
		mfx_bitmap_copy(region->unclean, region->kept, region->pages);
	return 0;
}

static int open_parts(struct migfix_region *region, const struct migfix_options *options)
{
	uint64_t resident;
	int err = mfx_detect(region, options, &resident);

	if (err)
		return err;
	if ((uintptr_t)region->memory & (region->page_size - 1))
		return -EINVAL;
	region->page_shift = (unsigned int)__builtin_ctzll(region->page_size);
	region->pages = mfx_pages(region, 0, region->len);
	err = mfx_sight(region, resident);
	if (!err)
		err = open_tracking(region);
	if (err)
		return err;
	mfx_batch_open(region, options->batch);
	return mark_here(region);
}

static void free_region(struct migfix_region *region)
{
	if (region->is_here)
		munmap((void *)(uintptr_t)region->is_here, (size_t)sysconf(_SC_PAGESIZE));
	free(region->unclean);
	free(region->kept);
	if (region->pagemap >= 0)
		close(region->pagemap);
	if (region->fd_is_ours)
		close(region->fd);
	free(region);
}

static int open_region(struct migfix_region **opened, void *addr, uint64_t len,
		       const struct migfix_options *options)
{
	struct migfix_region *region = aligned_alloc(64, sizeof(*region));
	int err;

	if (!region)
		return -ENOMEM;
	memset(region, 0, sizeof(*region));
	region->memory = addr;
	region->len = len;
	region->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	region->policy = options->policy;
	region->fd = region->pagemap = -1;
	atomic_init(&region->flags, options->flags);
	err = (uintptr_t)addr & (region->page_size - 1) ? -EINVAL : open_parts(region, options);
	if (err) {
		free_region(region);
		return err;
	}
	atomic_store(&region->magic, MFX_MAGIC);
	*opened = region;
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
		err = open_region(region, addr, len, &read);
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
	free_region(region);
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
