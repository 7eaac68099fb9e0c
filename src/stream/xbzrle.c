// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decodes XBZRLE. A delta is pairs of runs: how many bytes stay, how many change, and the new
 * values of the latter (QEMU: migration/xbzrle.c, docs/devel/migration). A length below 128 is one
 * byte, a larger one is two, the low seven bits first (util/cutils.c, uleb128). Only the first run
 * of bytes that stay may be empty.
 */
#include "stream/xbzrle.h"

#include <errno.h>
#include <string.h>

/* Reads a length. Returns how many bytes it took, or 0 if the length is not complete. */
static size_t read_length(const uint8_t *delta, size_t len, size_t *out)
{
	if (len >= 1 && delta[0] < 0x80) {
		*out = delta[0];
		return 1;
	}
	if (len >= 2 && delta[1] < 0x80) {
		*out = (size_t)(delta[0] & 0x7f) | (size_t)delta[1] << 7;
		return 2;
	}
	return 0;
}

int xbzrle__apply(const uint8_t *delta, size_t len, uint8_t *page, size_t page_size)
{
	size_t at = 0, to = 0;

	while (at < len) {
		size_t stay, change, n = read_length(delta + at, len - at, &stay);

		if (!n || (at && !stay) || stay > page_size - to)
			return -EINVAL;
		at += n;
		to += stay;
		n = read_length(delta + at, len - at, &change);
		if (!n || !change || change > page_size - to || change > len - at - n)
			return -EINVAL;
		at += n;
		memcpy(page + to, delta + at, change);
		at += change;
		to += change;
	}
	return 0;
}
