// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Free parts of an array, in two sorted lists: those that can be taken, and those that wait.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/ranges.h"

int ranges__init(struct ranges *r, size_t first, size_t size)
{
	memset(r, 0, sizeof(*r));
	r->room = 64;
	r->free.v = calloc(r->room, sizeof(*r->free.v));
	r->waiting.v = calloc(r->room, sizeof(*r->waiting.v));
	if (!r->free.v || !r->waiting.v)
		return -ENOMEM;
	if (size) {
		r->free.v[r->free.n++] = (struct range){first, size};
		r->free.elements = size;
	}
	return 0;
}

void ranges__free(struct ranges *r)
{
	free(r->free.v);
	free(r->waiting.v);
	memset(r, 0, sizeof(*r));
}

/* Giving back must not fail for want of memory: each part that is taken can become one of a list.
 */
static int make_room(struct ranges *r)
{
	size_t needed = r->nr_taken + r->free.n + r->waiting.n + 2, room = 2 * needed;
	struct range *more;

	if (needed <= r->room)
		return 0;
	more = reallocarray(r->free.v, room, sizeof(*more));
	if (!more)
		return -ENOMEM;
	r->free.v = more;
	more = reallocarray(r->waiting.v, room, sizeof(*more));
	if (!more)
		return -ENOMEM;
	r->waiting.v = more;
	r->room = room;
	return 0;
}

static void remove_at(struct range_list *l, size_t i)
{
	memmove(&l->v[i], &l->v[i + 1], (--l->n - i) * sizeof(*l->v));
}

int ranges__take(struct ranges *r, size_t n, size_t *first)
{
	struct range *best = NULL;
	int err = make_room(r);

	if (err)
		return err;
	for (size_t i = 0; i < r->free.n; i++)
		if (r->free.v[i].n >= n && (!best || r->free.v[i].n < best->n))
			best = &r->free.v[i];
	if (!best)
		return -ENOSPC;
	*first = best->first;
	best->first += n;
	best->n -= n;
	if (!best->n)
		remove_at(&r->free, (size_t)(best - r->free.v));
	r->free.elements -= n;
	r->nr_taken++;
	return 0;
}

static void list__add(struct range_list *l, size_t first, size_t n)
{
	size_t i = 0;

	while (i < l->n && l->v[i].first < first)
		i++;
	l->elements += n;
	if (i && l->v[i - 1].first + l->v[i - 1].n == first) {
		l->v[--i].n += n;
	} else if (i < l->n && first + n == l->v[i].first) {
		l->v[i].first = first;
		l->v[i].n += n;
		return;
	} else {
		memmove(&l->v[i + 1], &l->v[i], (l->n++ - i) * sizeof(*l->v));
		l->v[i] = (struct range){first, n};
		return;
	}
	if (i + 1 < l->n && l->v[i].first + l->v[i].n == l->v[i + 1].first) {
		l->v[i].n += l->v[i + 1].n;
		remove_at(l, i + 1);
	}
}

void ranges__give_back(struct ranges *r, size_t first, size_t n)
{
	list__add(&r->waiting, first, n);
	r->nr_taken--;
}

void ranges__settle(struct ranges *r)
{
	for (size_t i = 0; i < r->waiting.n; i++)
		list__add(&r->free, r->waiting.v[i].first, r->waiting.v[i].n);
	r->waiting.n = r->waiting.elements = 0;
}
