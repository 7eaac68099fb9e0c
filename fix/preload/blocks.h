/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The RAM blocks whose file can be asked whether a page was ever populated: shared or private
 * mappings of memfds and of files on tmpfs, in base pages. QEMU's RAM block notifier keeps the
 * table current.
 */
#ifndef PRELOAD_BLOCKS_H
#define PRELOAD_BLOCKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qemu.h"

/* The table has room for so many blocks. The memory of further blocks is read. */
#define BLOCKS_MAX 128

struct block {
	uintptr_t begin, end;
	uint64_t offset; /* where "begin" lies in the file, in bytes */
	int fd; /* QEMU's own fd: never closed here, and never duplicated, because a duplicate would
		   keep the memory of an unplugged block */
	bool shared;
};

/* Registers for QEMU's RAM block notifications. "when_removed" is called before a block is
 * unmapped. */
void blocks_init(const struct qemu *found, void (*when_removed)(const void *memory, size_t length));

/* Calls "visit" for each block in the table. No block is added or removed meanwhile. */
void blocks_each(void (*visit)(const struct block *block));

/* The id of the process that has RAM blocks, of whatever kind; 0: no block was announced yet. */
int blocks_owner(void);

/* Tells most callers that they need not call blocks_find(): most buffers of the block layer lie
 * outside of all RAM blocks. */
extern struct blocks_bounds {
	/* bounds of all blocks together; both 0 if there are none */
	_Atomic uintptr_t lowest, highest;
} blocks_bounds;

static inline bool blocks_may_have(const void *memory)
{
	return (uintptr_t)memory >=
		       atomic_load_explicit(&blocks_bounds.lowest, memory_order_relaxed) &&
	       (uintptr_t)memory <
		       atomic_load_explicit(&blocks_bounds.highest, memory_order_relaxed);
}

/*
 * Finds the block that all of [memory, memory + length) lies in, copies it to *block, and returns
 * true. Returns false if there is no such block, or if the table is changing at this moment.
 *
 * The copy, with its fd, is valid as long as the memory stays mapped. Whoever calls
 * buffer_is_zero() or ram_handle_zero() keeps it mapped for the length of that call, because the
 * function reads it. Nothing of the copy may be kept for longer.
 */
bool blocks_find(const void *memory, size_t length, struct block *block);

/* True if no page of [memory, memory + length) was ever populated. Then all of it reads as zero. */
bool blocks_is_hole(const struct block *block, const void *memory, size_t length);

#endif
