/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The RAM blocks whose file can be asked whether a page was ever populated: shared or private
 * mappings of memfds and files on tmpfs, in base pages. Kept by QEMU's own notifications.
 */
#ifndef PRELOAD_BLOCKS_H
#define PRELOAD_BLOCKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qemu.h"

/* More are not asked about. */
#define BLOCKS_MAX 128

struct block {
	uintptr_t begin, end;
	uint64_t offset; /* of "begin" in the file */
	int fd;          /* QEMU's own, never closed here, nor duplicated: that would pin memory */
	bool shared;
};

/* From now on QEMU tells of its RAM blocks. "removed" is called before one is unmapped. */
void blocks_init(const struct qemu *found, void (*when_removed)(const void *memory, size_t length));

/* Calls "visit" with each block; none comes or goes meanwhile. */
void blocks_each(void (*visit)(const struct block *block));

/* Process that has RAM blocks, of whatever kind; 0: none yet. */
int blocks_owner(void);

/* What blocks_find() is spared: most of the block layer's buffers lie elsewhere. */
extern struct blocks_bounds {
	_Atomic uintptr_t lowest, highest; /* of all blocks; none: both 0 */
} blocks_bounds;

static inline bool blocks_may_have(const void *memory)
{
	return (uintptr_t)memory >=
		       atomic_load_explicit(&blocks_bounds.lowest, memory_order_relaxed) &&
	       (uintptr_t)memory <
		       atomic_load_explicit(&blocks_bounds.highest, memory_order_relaxed);
}

/*
 * The block that all of [memory, memory + length) lies in, copied to *block: true. False when there
 * is none, or when that cannot be told at this moment.
 *
 * The copy, with its fd, is good for as long as the memory stays mapped, which whoever calls
 * buffer_is_zero() or ram_handle_zero() with it guarantees for the length of that call: the
 * function reads it. Nothing of it may be kept for longer.
 */
bool blocks_find(const void *memory, size_t length, struct block *block);

/* Was the page never populated, so that it reads as zero? All of the range is asked for. */
bool blocks_is_hole(const struct block *block, const void *memory, size_t length);

#endif
