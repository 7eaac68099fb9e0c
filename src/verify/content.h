/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two guests' memories, byte for byte.
 */
#ifndef MIGPOP_VERIFY_CONTENT_H
#define MIGPOP_VERIFY_CONTENT_H

#include "qemu/guest_memory.h"
#include "verify/page_set.h"

/* Adds the pages of [from, from + len) that differ; a hole is as good as zeros. "from" only rises.
 * 0 or a negative errno. */
int content__compare(struct guest_memory *a, struct guest_memory *b, uint64_t from, uint64_t len,
		     struct page_set *differing);

#endif
