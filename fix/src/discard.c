// SPDX-License-Identifier: LGPL-2.1-or-later
/* Gives whole pages back to the kernel. */
#include "region.h"

#include <errno.h>
#include <sys/mman.h>

/* A region with one of these flags never gives pages back. */
#define NEVER                                                                                      \
	(MIGFIX_PREALLOCATED | MIGFIX_LOCKED | MIGFIX_PINNED | MIGFIX_USERFAULTFD |                \
	 MIGFIX_SEALED | MIGFIX_READ_ONLY | MIGFIX_MUST_BE_PRESENT)

bool mfx_gives_back(const struct migfix_region *region, uint32_t flags)
{
	return !(flags & NEVER) &&
	       (region->backing == MIGFIX_BACKING_ANON ||
		region->backing == MIGFIX_BACKING_SHMEM) &&
	       !atomic_load_explicit(&region->refused, memory_order_relaxed);
}

/* MADV_REMOVE costs more than punching a hole through the fd, but it acts on the current mapping:
 * if the memory was locked after the region was opened, MADV_REMOVE refuses and the pages stay. */
int mfx_discard(struct migfix_region *region, uint64_t from, uint64_t to)
{
	int advice = region->backing == MIGFIX_BACKING_ANON ? MADV_DONTNEED : MADV_REMOVE;

	if (!madvise(region->memory + from, to - from, advice))
		return 0;
	atomic_store_explicit(&region->refused, true, memory_order_relaxed);
	return -errno;
}
