/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compares two records row by row. The key of a row says what a thing is, without what changes from
 * run to run: process ids, and addresses of libraries and of anonymous memory.
 */
#include "output/diff.h"
#include "output/format.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *diff_count__name(enum diff_count k)
{
	static const char *const names[] = {"populated_pages", "zero_populated_pages",
					    "released_pages", "faults"};

	return names[k];
}

int64_t diff__change(int64_t base, int64_t fixed)
{
	int64_t change;

	if (base == RECORD_UNKNOWN || fixed == RECORD_UNKNOWN)
		return RECORD_UNKNOWN;
	if (__builtin_sub_overflow(fixed, base, &change) || change == RECORD_UNKNOWN)
		return fixed > base ? INT64_MAX : -INT64_MAX;
	return change;
}

/* --- the order of rows --- */

static int row__compare_keys(const void *x, const void *y)
{
	const struct diff_row *a = x, *b = y;

	return strcmp(a->key, b->key);
}

static uint64_t row__magnitude(const struct diff_row *row, enum diff_count k)
{
	int64_t change = diff__change(row->count[DIFF_BASE][k], row->count[DIFF_FIXED][k]);

	if (change == RECORD_UNKNOWN)
		return 0;
	return change < 0 ? (uint64_t)-change : (uint64_t)change;
}

/* Rows with the largest change of populated pages come first, then of the other counts; rows
 * without a change are sorted by size. */
static int row__compare(const void *x, const void *y)
{
	const struct diff_row *a = x, *b = y;

	for (int k = 0; k < DIFF_NR_COUNTS; k++) {
		uint64_t m = row__magnitude(a, (enum diff_count)k);
		uint64_t n = row__magnitude(b, (enum diff_count)k);

		if (m != n)
			return m < n ? 1 : -1;
	}
	if (a->count[DIFF_BASE][DIFF_POPULATED] != b->count[DIFF_BASE][DIFF_POPULATED])
		return a->count[DIFF_BASE][DIFF_POPULATED] < b->count[DIFF_BASE][DIFF_POPULATED]
			       ? 1
			       : -1;
	return strcmp(a->key, b->key);
}

static void row__merge(struct diff_row *into, struct diff_row *row)
{
	for (int side = DIFF_BASE; side <= DIFF_FIXED; side++) {
		if (!row->in[side])
			continue;
		for (int k = 0; k < DIFF_NR_COUNTS; k++)
			into->count[side][k] = into->in[side]
						       ? record_count__sum(into->count[side][k],
									   row->count[side][k])
						       : row->count[side][k];
		into->in[side] = true;
	}
	free(row->key);
}

/* Merges rows with equal keys. Sorting brings them together, which is faster than a look-up for
 * each of many call sites. */
static void table__merge(struct diff_table *t)
{
	size_t n = 0;

	if (!t->n)
		return;
	qsort(t->v, t->n, sizeof(*t->v), row__compare_keys);
	for (size_t i = 1; i < t->n; i++) {
		if (strcmp(t->v[n].key, t->v[i].key) == 0)
			row__merge(&t->v[n], &t->v[i]);
		else
			t->v[++n] = t->v[i];
	}
	t->n = n + 1;
	qsort(t->v, t->n, sizeof(*t->v), row__compare);
}

/* --- the keys --- */

static const char *name__or(const char *s, const char *otherwise)
{
	return s && s[0] ? s : otherwise;
}

static void key__frame(FILE *f, const struct record_frame *frame)
{
	const char *name = frame__name(frame);
	bool stripped = frame__is_stripped(frame);

	if (name && !stripped)
		fprintf(f, "%s\n", name);
	else if (!frame->module && !frame->build_id)
		fputs("?\n", f); /* the address means something in this run only */
	else if (stripped)
		fprintf(f, "%s %s\n", name__or(frame->build_id, frame->module), name);
	else
		fprintf(f, "%s +%" PRIx64 "\n", name__or(frame->build_id, frame->module),
			frame->offset);
}

static char *callsite__key(const struct record_callsite *c)
{
	char *key = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&key, &len);

	if (!f)
		return NULL;
	fprintf(f, "%s\n%d %d\n%s\n", name__or(c->category, "other"), (int)c->access,
		(int)c->context, name__or(c->syscall, ""));
	for (size_t i = 0; i < c->frames.n; i++)
		key__frame(f, &c->frames.v[i]);
	if (fclose(f)) {
		free(key);
		return NULL;
	}
	return key;
}

/* Anonymous memory without a name is named after its address, which changes from run to run: its
 * key is "[anon]". */
static char *backing__key(const struct record_backing *b)
{
	const char *name = name__or(b->ram_block, name__or(b->name, "(no name)"));

	return strdup(strncmp(name, "[anon 0x", 8) == 0 ? "[anon]" : name);
}

static int table__reserve(struct diff_table *t, size_t n)
{
	t->v = calloc(n ? n : 1, sizeof(*t->v));
	return t->v ? 0 : -ENOMEM;
}

/* Adds a row, which takes "key" over. "key" is NULL if there was no memory for it; then the result
 * is NULL too. */
static struct diff_row *table__add(struct diff_table *t, enum diff_side side, char *key)
{
	struct diff_row *row = &t->v[t->n];

	if (!key)
		return NULL;
	row->key = key;
	row->in[side] = true;
	t->n++;
	return row;
}

static int diff__add(struct diff *d, enum diff_side side)
{
	const struct record *r = d->record[side];

	for (size_t i = 0; i < r->nr_callsites; i++) {
		const struct record_callsite *c = &r->callsites[i];
		const int64_t count[DIFF_NR_COUNTS] = {c->populated_pages, c->zero_populated_pages,
						       c->released_pages, c->faults};
		struct diff_row *site = table__add(&d->callsites, side, callsite__key(c));
		struct diff_row *category = table__add(&d->categories, side,
						       strdup(name__or(c->category, "other")));

		if (!site || !category)
			return -ENOMEM;
		site->site = c;
		memcpy(site->count[side], count, sizeof(count));
		memcpy(category->count[side], count, sizeof(count));
	}
	for (size_t i = 0; i < r->nr_backing; i++) {
		const struct record_backing *b = &r->backing[i];
		const int64_t count[DIFF_NR_COUNTS] = {b->populated_pages, b->zero_populated_pages,
						       b->released_pages, RECORD_UNKNOWN};
		struct diff_row *row = table__add(&d->backings, side, backing__key(b));

		if (!row)
			return -ENOMEM;
		row->backing = b;
		memcpy(row->count[side], count, sizeof(count));
	}
	return 0;
}

static void diff__totals(struct diff *d)
{
	static const struct diff_total names[DIFF_NR_TOTALS] = {
		{"populated_pages", "populated", false, {0, 0}},
		{"zero_populated_pages", "zero pages", false, {0, 0}},
		{"released_pages", "given back", false, {0, 0}},
		{"faults", "faults", false, {0, 0}},
		{"lost_events", "lost", false, {0, 0}},
		{"window_ns", "window", true, {0, 0}},
		{"overhead_ns", "cost", true, {0, 0}},
	};

	memcpy(d->totals, names, sizeof(names));
	for (int side = DIFF_BASE; side <= DIFF_FIXED; side++) {
		const struct record *r = d->record[side];
		const int64_t n[DIFF_NR_TOTALS] = {
			r->totals.populated_pages,
			r->totals.zero_populated_pages,
			r->totals.released_pages,
			r->totals.faults,
			r->lost.events,
			r->end_ns > r->start_ns ? (int64_t)(r->end_ns - r->start_ns)
						: RECORD_UNKNOWN,
			r->overhead.bpf_ns,
		};

		for (int i = 0; i < DIFF_NR_TOTALS; i++)
			d->totals[i].n[side] = n[i];
	}
}

int diff__make(struct diff *d, const struct record *base, const struct record *fixed)
{
	size_t sites = base->nr_callsites + fixed->nr_callsites;
	int err;

	memset(d, 0, sizeof(*d));
	d->record[DIFF_BASE] = base;
	d->record[DIFF_FIXED] = fixed;
	diff__totals(d);
	err = table__reserve(&d->callsites, sites);
	if (!err)
		err = table__reserve(&d->categories, sites);
	if (!err)
		err = table__reserve(&d->backings, base->nr_backing + fixed->nr_backing);
	if (!err)
		err = diff__add(d, DIFF_BASE);
	if (!err)
		err = diff__add(d, DIFF_FIXED);
	if (err)
		return err;
	table__merge(&d->callsites);
	table__merge(&d->categories);
	table__merge(&d->backings);
	return 0;
}

static void table__clear(struct diff_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i].key);
	free(t->v);
}

void diff__clear(struct diff *d)
{
	table__clear(&d->callsites);
	table__clear(&d->categories);
	table__clear(&d->backings);
	memset(d, 0, sizeof(*d));
}
