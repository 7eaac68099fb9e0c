// SPDX-License-Identifier: LGPL-2.1-or-later
/* Tells whether memory is zero. Knows nothing of regions. */
#include "buffer.h"

#include <stdint.h>
#include <string.h>

#define BLOCK 256

/* The loop has a length that the compiler knows, and no early exit: so it becomes vector code. */
static bool block_is_zero(const unsigned char *block)
{
	uint64_t words[BLOCK / 8], any = 0;

	memcpy(words, block, BLOCK);
	for (size_t i = 0; i < BLOCK / 8; i++)
		any |= words[i];
	return !any;
}

bool mfx_buffer_is_zero(const void *memory, size_t len)
{
	const unsigned char *bytes = memory;
	size_t i = 0;

	for (; len - i >= BLOCK; i += BLOCK) {
		if (!block_is_zero(bytes + i))
			return false;
	}
	for (; i < len; i++) {
		if (bytes[i])
			return false;
	}
	return true;
}
