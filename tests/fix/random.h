/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pseudo-random numbers (splitmix64) of which a seed repeats all, on every machine.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline void random_fill(uint64_t *state, void *to, size_t size)
{
	uint8_t *at = to;

	for (; size >= 8; size -= 8, at += 8) {
		uint64_t word = random_next(state);

		memcpy(at, &word, 8);
	}
	if (size) {
		uint64_t word = random_next(state);

		memcpy(at, &word, size);
	}
}

/* From 0 to below @limit. */
static inline uint64_t random_below(uint64_t *state, uint64_t limit)
{
	return random_next(state) % limit;
}

#endif
