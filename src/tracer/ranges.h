/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An array of which parts are handed out and given back: which elements are free. What was given
 * back waits, since readers may still look at it, until the caller says that none does. Knows
 * nothing of what the elements are.
 */
#ifndef MIGPOP_TRACER_RANGES_H
#define MIGPOP_TRACER_RANGES_H

#include <stddef.h>

struct range {
	size_t first, n;
};

/* By their first element, no two of them side by side. */
struct range_list {
	struct range *v;
	size_t n;
	size_t elements;
};

struct ranges {
	struct range_list free, waiting;
	size_t nr_taken;
	size_t room; /* of both lists: enough for whatever may be given back */
};

/* "size" elements from "first" on are free. 0, or -ENOMEM; to be freed either way. */
int ranges__init(struct ranges *r, size_t first, size_t size);
void ranges__free(struct ranges *r);

/* Takes "n" elements side by side, n > 0, from the smallest free part that has them. 0, -ENOSPC, or
 * -ENOMEM. */
int ranges__take(struct ranges *r, size_t n, size_t *first);

/* Gives back all that one ranges__take() took. It cannot be taken before ranges__settle(). */
void ranges__give_back(struct ranges *r, size_t first, size_t n);

/* Nobody looks any more at what was given back. */
void ranges__settle(struct ranges *r);

#endif
