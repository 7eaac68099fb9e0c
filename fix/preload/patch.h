/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replaces a function of the running program at its entry. The original cannot be called any more,
 * so the replacement must do all that it did. Knows nothing of QEMU.
 */
#ifndef PRELOAD_PATCH_H
#define PRELOAD_PATCH_H

#include <stddef.h>
#include <stdint.h>

struct patch {
	void *entry; /* first byte of the function that is replaced */
	size_t size; /* length of that function in bytes */
	/* address of a function with the same arguments and the same result */
	uintptr_t replacement;
};

/*
 * Replaces all of the functions, or none. Returns NULL when done; else a reason, which continues a
 * sentence that begins with the function's name, and stores in *refused which patch it is about. No
 * other thread may be executing on the pages of these functions. The pages are writable for a
 * moment in which they are not executable. Whether they may become executable again is tried
 * beforehand, on another mapping of the same pages.
 */
const char *patch_apply(const struct patch *patches, size_t count, size_t *refused);

/* Each architecture has a file of its own that implements the functions below. */

/* patch_encode() writes at most so many bytes. */
#define PATCH_CODE_MAX 32

/* Returns NULL if the entry of a function of "size" bytes can be replaced, or the reason why it
 * cannot. */
const char *patch_refusal(const uint8_t *code, size_t size);

/* Writes a jump to "replacement" over "code", the first PATCH_CODE_MAX bytes of a function. Returns
 * how many bytes of it, from the first on, may have changed. */
size_t patch_encode(uint8_t *code, uintptr_t replacement);

/* Returns 1 if the code in [begin, end) calls "callee" directly, or jumps to it; 0 if it does
 * not. */
int patch_calls(const uint8_t *begin, const uint8_t *end, const void *callee);

#endif
