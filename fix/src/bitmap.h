/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bitmap with one bit for each page, in words that several threads may read and change. */
#ifndef MIGFIX_BITMAP_H
#define MIGFIX_BITMAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

static inline _Atomic uint64_t *mfx_bitmap_new(uint64_t bits)
{
	return calloc((bits + 63) / 64, sizeof(_Atomic uint64_t));
}

/* The mask of those bits of [from, to) that lie in the same word as "from". */
static inline uint64_t mfx_bitmap_mask(uint64_t from, uint64_t to)
{
	uint64_t mask = ~UINT64_C(0) << (from % 64);

	return from / 64 == to / 64 ? mask & ~(~UINT64_C(0) << (to % 64)) : mask;
}

static inline uint64_t mfx_bitmap_next_word(uint64_t from, uint64_t to)
{
	uint64_t next = (from / 64 + 1) * 64;

	return next < to ? next : to;
}

/* Sets [from, to), and returns how many of these bits were clear before. */
static inline uint64_t mfx_bitmap_set(_Atomic uint64_t *bitmap, uint64_t from, uint64_t to)
{
	uint64_t set = 0;

	for (; from < to; from = mfx_bitmap_next_word(from, to)) {
		uint64_t mask = mfx_bitmap_mask(from, to);
		uint64_t old = atomic_load_explicit(&bitmap[from / 64], memory_order_relaxed);

		/* Most bits are set already. Not writing the word leaves it in the caches of all
		 * threads. */
		if ((old & mask) != mask)
			old = atomic_fetch_or_explicit(&bitmap[from / 64], mask,
						       memory_order_relaxed);
		set += (uint64_t)__builtin_popcountll(mask & ~old);
	}
	return set;
}

static inline void mfx_bitmap_copy(_Atomic uint64_t *to, const _Atomic uint64_t *from,
				   uint64_t bits)
{
	for (uint64_t i = 0; i < (bits + 63) / 64; i++)
		atomic_init(&to[i], atomic_load_explicit(&from[i], memory_order_relaxed));
}

static inline void mfx_bitmap_clear(_Atomic uint64_t *bitmap, uint64_t from, uint64_t to)
{
	for (; from < to; from = mfx_bitmap_next_word(from, to))
		atomic_fetch_and_explicit(&bitmap[from / 64], ~mfx_bitmap_mask(from, to),
					  memory_order_relaxed);
}

/* The first bit of [from, to) that has the given value; "to" if there is none. */
static inline uint64_t mfx_bitmap_find(const _Atomic uint64_t *bitmap, uint64_t from, uint64_t to,
				       bool value)
{
	for (; from < to; from = mfx_bitmap_next_word(from, to)) {
		uint64_t word = atomic_load_explicit(&bitmap[from / 64], memory_order_relaxed);

		word = (value ? word : ~word) & mfx_bitmap_mask(from, to);
		if (word)
			return from / 64 * 64 + (uint64_t)__builtin_ctzll(word);
	}
	return to;
}

#endif
