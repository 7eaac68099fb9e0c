/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arrays that grow by one element at a time. The room doubles whenever the number of elements is a
 * power of two, so that no capacity has to be kept beside the array.
 */
#ifndef MIGPOP_ARRAY_H
#define MIGPOP_ARRAY_H

#include <stdlib.h>
#include <string.h>

/*
 * Makes room for one more element at the end of "v", which has "n" elements of "size" bytes and was
 * grown by this function only; NULL for an empty array. Returns the array, which may have moved,
 * with element n zeroed. Returns NULL without memory; then "v" is as it was, and still the caller's
 * to free().
 */
static inline void *array__grow(void *v, size_t n, size_t size)
{
	void *p = v;

	if ((n & (n - 1)) == 0) {
		p = reallocarray(v, n ? 2 * n : 1, size);
		if (!p)
			return NULL;
	}
	memset((char *)p + n * size, 0, size);
	return p;
}

#endif
