/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compares the memory of two guests byte for byte.
 */
#ifndef MIGPOP_VERIFY_CONTENT_H
#define MIGPOP_VERIFY_CONTENT_H

#include "proc/guest_memory.h"
#include "verify/page_set.h"

/* Adds to "differing" the pages of [from, from + len) that differ. A hole equals a page of zeros.
 * "from" must not decrease from one call to the next. Returns 0 or a negative errno. */
int content__compare(struct guest_memory *a, struct guest_memory *b, uint64_t from, uint64_t len,
		     struct page_set *differing);

#endif
