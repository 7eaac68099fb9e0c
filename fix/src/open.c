// SPDX-License-Identifier: LGPL-2.1-or-later
/* Makes a region of a range of memory: what backs it, which pages were populated before, what is
 * known to be zero. Its options have been checked. */
#include "open.h"

#include "batch.h"
#include "detect.h"
#include "track.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

void mfx_close(struct migfix_region *region)
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

int mfx_open(struct migfix_region **opened, void *addr, uint64_t len,
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
		mfx_close(region);
		return err;
	}
	atomic_store(&region->magic, MFX_MAGIC);
	*opened = region;
	return 0;
}
