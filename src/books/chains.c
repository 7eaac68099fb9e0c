// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Call chains: which are equal, and their addresses as the frames of a raw record.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "books/books_internal.h"

/* A chain that ends in code that nobody knew may have gone on anywhere: two of those are not the
 * same because they look the same. */
static bool may_differ(const struct chain *c)
{
	return c->end == CHAIN_NO_MAPPING || c->end == CHAIN_STALE_MAPPING;
}

/* The order of chains by content; of equal ones, by number. */
static int compare_content(const void *a, const void *b)
{
	const struct chain_row *x = *(const struct chain_row *const *)a,
			       *y = *(const struct chain_row *const *)b;
	int order;

	if (x->chain.n != y->chain.n)
		return x->chain.n < y->chain.n ? -1 : 1;
	if (x->chain.end != y->chain.end)
		return x->chain.end < y->chain.end ? -1 : 1;
	order = memcmp(x->chain.frames, y->chain.frames, x->chain.n * sizeof(*x->chain.frames));
	return order ? order : (x->number > y->number) - (x->number < y->number);
}

static bool is_same(const struct chain_row *a, const struct chain_row *b)
{
	return a->chain.n == b->chain.n && a->chain.end == b->chain.end && !may_differ(&a->chain) &&
	       !memcmp(a->chain.frames, b->chain.frames, a->chain.n * sizeof(*a->chain.frames));
}

/* For each of the chains, the lowest number of those that are equal to it; to be freed. */
static s32 *find_same(const struct facts *f)
{
	const struct chain_row **order = calloc(f->nr_chains + 1, sizeof(*order));
	s32 *same = calloc(f->nr_chains + 1, sizeof(*same));
	const struct chain_row *first = NULL;

	if (!order || !same) {
		free(order);
		free(same);
		return NULL;
	}
	for (size_t i = 0; i < f->nr_chains; i++)
		order[i] = &f->chains[i];
	qsort(order, f->nr_chains, sizeof(*order), compare_content);
	for (size_t i = 0; i < f->nr_chains; i++) {
		if (!first || !is_same(first, order[i]))
			first = order[i];
		same[order[i] - f->chains] = first->number;
	}
	free(order);
	return same;
}

int chains__merge(struct books *b)
{
	s32 *same = find_same(b->facts);
	struct site_row *rows = b->rows;
	size_t to = 0;

	if (!same)
		return -ENOMEM;
	for (size_t i = 0; i < b->nr_rows; i++) {
		const struct chain *chain = facts__chain(b->facts, rows[i].key.stack);
		const struct chain_row *row;

		if (!chain)
			continue;
		row = (const void *)((const char *)chain - offsetof(struct chain_row, chain));
		rows[i].key.stack = same[row - b->facts->chains];
	}
	free(same);
	qsort(rows, b->nr_rows, sizeof(*rows), site_key__compare);
	for (size_t i = 1; i < b->nr_rows; i++) {
		if (site_key__compare(&rows[to].key, &rows[i].key))
			rows[++to] = rows[i];
		else
			site__sum(&rows[to].value, &rows[i].value);
	}
	b->nr_rows = b->nr_rows ? to + 1 : 0;
	return 0;
}

static int add_frame(struct record_frames *frames, u64 address, bool is_return)
{
	struct record_frame *frame = record_frames__add(frames);

	if (!frame)
		return -ENOMEM;
	frame->offset = address & ~CHAIN_FRAME_EXACT;
	frame->is_return = is_return && !(address & CHAIN_FRAME_EXACT);
	return 0;
}

int chains__add_frames(const struct facts *f, s32 stack, u64 ip, bool in_syscall,
		       struct record_frames *frames, const char **end)
{
	const struct chain *chain = stack >= 0 ? facts__chain(f, stack) : NULL;
	int err = 0;

	if (!chain || !chain->n) {
		*end = stack == STACK_NOT_KEPT ? chain_end__name(CHAIN_NOT_KEPT) : NULL;
		return ip ? add_frame(frames, ip, in_syscall) : 0;
	}
	*end = chain_end__name(chain->end);
	for (u32 i = 0; i < chain->n && !err; i++)
		err = add_frame(frames, chain->frames[i], i || in_syscall);
	return err;
}
