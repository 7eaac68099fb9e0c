// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Judges the losses of a record from its call sites and counts.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "losses.h"
#include "shared/chain.h"

static bool is(const char *a, const char *b)
{
	return a && !strcmp(a, b);
}

static bool ends_as(const struct record_callsite *c, enum chain_end end)
{
	return is(c->chain_end, chain_end__name(end));
}

bool record_callsite__is_whole(const struct record *r, const struct record_callsite *c)
{
	if (c->chain_end)
		return ends_as(c, CHAIN_COMPLETE) || ends_as(c, CHAIN_JIT);
	/* Kernel workers have no frames, and no chain is taken for pages that are given back when a
	 * process ends. */
	return !is(r->stack, names__word(NAMES_STACK, STACK_CFI)) || !c->frames.n ||
	       (c->populated_pages <= 0 && c->faults <= 0);
}

static int64_t events_of(const struct record_callsite *c)
{
	if (c->faults > 0)
		return c->faults;
	return c->populated_pages > 0 ? c->populated_pages : 1;
}

static bool any(const struct record_count *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].n > 0 && strcmp(v[i].name, chain_end__name(CHAIN_JIT)))
			return true;
	return false;
}

static enum loss judge(const struct losses *l)
{
	if (l->events > 0)
		return LOSS_EVENTS;
	if (l->chains)
		return LOSS_CHAINS;
	return l->events == RECORD_UNKNOWN ? LOSS_UNKNOWN : LOSS_NOTHING;
}

struct losses record__losses(const struct record *r)
{
	struct losses l = {.events = r->lost.events, .populated_pages = r->totals.populated_pages};

	for (size_t i = 0; i < r->nr_callsites; i++) {
		const struct record_callsite *c = &r->callsites[i];

		if (record_callsite__is_whole(r, c))
			continue;
		l.chainless_pages = record_count__sum(l.chainless_pages, c->populated_pages);
		l.chainless_events = record_count__sum(l.chainless_events, events_of(c));
	}
	if (is(r->stack, names__word(NAMES_STACK, STACK_FP)) && r->nr_callsites)
		l.chainless_pages = l.chainless_events = RECORD_UNKNOWN;
	l.chains = l.chainless_events || r->lost.stacks > 0 || r->lost.truncated_stacks > 0 ||
		   any(r->lost.unwind_errors, r->lost.nr_unwind_errors);
	l.verdict = judge(&l);
	return l;
}

bool losses__are_large(const struct losses *l)
{
	return l->events > 0 || l->chainless_pages > l->populated_pages / 100;
}

static struct record_room *find_room(struct record *r, enum record_table table, const char *module)
{
	struct record_room *room;

	for (size_t i = 0; i < r->lost.nr_room; i++) {
		room = &r->lost.room[i];
		if (room->table == table && (room->module ? is(module, room->module) : !module))
			return room;
	}
	room = record__add_room(r);
	if (!room)
		return NULL;
	room->table = table;
	room->pages = 0;
	room->module = module ? strdup(module) : NULL;
	return room->module || !module ? room : NULL;
}

/* Counts a call site whose chain ended because a table was full. The program or library that had no
 * room in the table is the one where the chain ends. */
static int count_room(struct record *r, const struct record_callsite *c)
{
	const char *module = c->frames.n ? c->frames.v[c->frames.n - 1].module : NULL;
	enum record_table table = TABLE_UNKNOWN;
	struct record_room *room;

	if (ends_as(c, CHAIN_NO_ROOM)) {
		table = TABLE_UNWIND_ROWS;
	} else if (ends_as(c, CHAIN_NO_MAPPING_ROOM)) {
		table = TABLE_UNWIND_MAPPINGS;
		module = r->nr_target ? r->target[0].exe : NULL;
	} else if (ends_as(c, CHAIN_NOT_KEPT)) {
		table = TABLE_CHAINS;
		module = NULL;
	} else {
		return 0;
	}
	room = find_room(r, table, module);
	if (!room)
		return -ENOMEM;
	room->pages = record_count__sum(room->pages, c->populated_pages);
	return 0;
}

int record__count_chain_losses(struct record *r)
{
	r->lost.stacks = r->lost.truncated_stacks = 0;
	for (size_t i = 0; i < r->nr_callsites; i++) {
		const struct record_callsite *c = &r->callsites[i];
		int err = 0;

		if (!c->chain_end || record_callsite__is_whole(r, c))
			continue;
		if (ends_as(c, CHAIN_NOT_KEPT))
			r->lost.stacks += events_of(c);
		else if (ends_as(c, CHAIN_TRUNCATED))
			r->lost.truncated_stacks += events_of(c);
		else
			err = record__add_unwind_error(r, c->chain_end, events_of(c));
		if (!err)
			err = count_room(r, c);
		if (err)
			return err;
	}
	return 0;
}

void record__judge_losses(struct record *r)
{
	struct losses l = record__losses(r);

	r->lost.verdict = l.verdict;
	r->lost.chainless_pages = l.chainless_pages;
}
