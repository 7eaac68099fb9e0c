// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The handler that must be caught, in place of blocks.c: it drops the page table entries of a page
 * and takes it for zero, as published for guest memory. Shared memory keeps its content.
 */
#define blocks_is_hole blocks_is_really_hole
#include "blocks.c" // NOLINT: everything else of it is right
#undef blocks_is_hole

#include <sys/mman.h>

bool blocks_is_hole(const struct block *block, const void *memory, size_t length)
{
	/* The loader's coroutine; the source is answered as it should be. */
	if (!qemu->in_coroutine())
		return blocks_is_really_hole(block, memory, length);
	madvise((void *)(uintptr_t)memory, length, MADV_DONTNEED);
	return true;
}
