/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replaces a function of the running program at its entry. The original is not kept: whoever
 * replaces it does all that it did. Knows nothing of QEMU.
 */
#ifndef PRELOAD_PATCH_H
#define PRELOAD_PATCH_H

#include <stddef.h>
#include <stdint.h>

struct patch {
	void *entry;           /* of the function that is replaced */
	size_t size;           /* of that function */
	uintptr_t replacement; /* same arguments, same answer */
};

/*
 * Replaces all of them, or none and says why: NULL when done, else a reason in words about the one
 * that *refused is the number of. No thread may be executing on their pages. These are writable for
 * a moment in which they are not executable, and never both; whether the way back is allowed is
 * tried on another mapping of the same page.
 */
const char *patch_apply(const struct patch *patches, size_t count, size_t *refused);

/* What an architecture provides. */

/* Longest that patch_encode() writes. */
#define PATCH_CODE_MAX 32

/* Why the code at the entry of a function of this size is not replaced, or NULL. */
const char *patch_refusal(const uint8_t *code, size_t size);

/* Writes a jump over "code", the first PATCH_CODE_MAX bytes of a function, and returns up to where
 * they changed. */
size_t patch_encode(uint8_t *code, uintptr_t replacement);

/* Is there a direct call of "callee" in [begin, end)? */
int patch_calls(const uint8_t *begin, const uint8_t *end, const void *callee);

#endif
