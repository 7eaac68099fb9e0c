// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The order in which the parts of a raw record are made.
 */
#include "books/books.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "books/account.h"
#include "books/books_internal.h"
#include "books/phases.h"

/* What each call site of "after" has counted since "before"; to be freed. */
static struct site_row *sites_of_window(const struct counters *before, const struct counters *after)
{
	struct site_row *rows = calloc(after->nr_sites + 1, sizeof(*rows));

	for (size_t i = 0; rows && i < after->nr_sites; i++) {
		rows[i].key = after->sites[i].key;
		rows[i].value = site_row__since(&after->sites[i], before);
	}
	return rows;
}

static int add_ticks(const struct facts *f, struct record *r)
{
	for (size_t i = 0; i < f->nr_ticks; i++) {
		struct record_tick *tick = record__add_tick(r);

		if (!tick)
			return -ENOMEM;
		*tick = f->ticks[i];
	}
	return 0;
}

static int fill(struct books *b, struct record *r)
{
	int err = chains__merge(b);

	if (!err)
		err = head__fill(b, r);
	if (!err)
		err = rows__fill(b, r);
	if (!err)
		err = threads__fill(b, r);
	if (!err)
		err = account__fill(b->before, b->after, b->rows, b->nr_rows, b->facts, r);
	if (!err)
		err = add_ticks(b->facts, r);
	return err ? err : phases__put(b->facts->phases, b->facts->nr_phases, r);
}

int books__make_record(const struct snapshot *before, const struct snapshot *after,
		       const struct facts *facts, struct record **out)
{
	struct books b = {.before = before,
			  .after = after,
			  .facts = facts,
			  .rows = sites_of_window(&before->counters, &after->counters),
			  .nr_rows = after->counters.nr_sites};
	struct record *r = record__new();
	int err = r && b.rows ? fill(&b, r) : -ENOMEM;

	free(b.rows);
	if (err) {
		record__free(r);
		r = NULL;
	}
	*out = r;
	return err;
}

void books__pages_again(const struct counters *c, const struct counters *again, u64 *pages)
{
	for (size_t i = 0; i < c->nr_backings; i++) {
		const struct backing_row *row = counters__find_backing(again, &c->backings[i].key);

		pages[i] = row ? row->value.pages_now : c->backings[i].value.pages_now;
	}
}

static struct site sum(const struct counters *c)
{
	struct site all = {0};

	for (size_t i = 0; i < c->nr_sites; i++)
		site__sum(&all, &c->sites[i].value);
	return all;
}

void books__tick(const struct snapshot *before, const struct snapshot *now,
		 struct record_tick *tick)
{
	struct site open = sum(&before->counters), until = sum(&now->counters);

	*tick = (struct record_tick){
		.t_ns = now->counters.taken_ns - before->counters.taken_ns,
		.faults = (int64_t)(until.faults - open.faults),
		.populated_pages = (int64_t)(until.populated - open.populated),
		.released_pages = (int64_t)(until.released - open.released),
	};
	for (size_t i = 0; i < now->nr_targets; i++)
		if (now->figures[i].rss > 0)
			tick->rss_pages += now->figures[i].rss;
}
