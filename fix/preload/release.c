// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Keeps one region of libmigfix for each RAM block. QEMU may announce the removal of a block while
 * its loader is in a call, so regions are used under a lock for reading, and closed under the same
 * lock for writing.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "blocks.h"
#include "release.h"

static struct {
	uintptr_t begin, end;
	struct migfix_region *region; /* NULL: the region was closed */
} regions[BLOCKS_MAX];
static size_t count;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t sighted = PTHREAD_ONCE_INIT;
static const struct qemu *qemu;
static enum migfix_policy policy;

void release_init(const struct qemu *found, enum migfix_policy wanted)
{
	qemu = found;
	policy = wanted;
}

static void open_region(const struct block *block)
{
	struct migfix_options options = MIGFIX_OPTIONS_INIT;

	options.policy = policy;
	/* Nothing is given back while postcopy is on, which alone registers guest memory that is
	 * being loaded with a userfaultfd. */
	options.flags = MIGFIX_CONFINED;
	options.fd = block->fd;
	options.fd_offset = block->offset;
	if (!block->shared || migfix_region_open(&regions[count].region, (void *)block->begin,
						 block->end - block->begin, &options))
		return;
	regions[count].begin = block->begin;
	regions[count++].end = block->end;
}

static void open_all(void)
{
	pthread_rwlock_wrlock(&lock);
	blocks_each(open_region);
	pthread_rwlock_unlock(&lock);
}

void release_sight(void)
{
	int error = errno;

	if (qemu->ram_block_discard_is_disabled)
		pthread_once(&sighted, open_all);
	errno = error;
}

static bool zero(uintptr_t address, size_t length)
{
	for (size_t i = 0; i < count; i++) {
		if (regions[i].region && address >= regions[i].begin && address < regions[i].end)
			return !migfix_zero(regions[i].region, address - regions[i].begin, length);
	}
	return false;
}

bool release_zero(const void *memory, size_t length)
{
	bool done;

	/* If discards are disabled, or nobody can tell, give nothing back: a device (VFIO, RDMA)
	 * that pinned the memory would go on using the old pages. */
	if (!qemu->ram_block_discard_is_disabled || qemu->ram_block_discard_is_disabled())
		return false;
	pthread_rwlock_rdlock(&lock);
	done = zero((uintptr_t)memory, length);
	pthread_rwlock_unlock(&lock);
	return done;
}

void release_forget(const void *memory, size_t length)
{
	uintptr_t begin = (uintptr_t)memory, end = begin + length;

	pthread_rwlock_wrlock(&lock);
	for (size_t i = 0; i < count; i++) {
		if (!regions[i].region || regions[i].begin >= end || begin >= regions[i].end)
			continue;
		migfix_region_close(regions[i].region);
		regions[i].region = NULL;
	}
	pthread_rwlock_unlock(&lock);
}
