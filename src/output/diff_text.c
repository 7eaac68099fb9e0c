/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes two records side by side as text: base, fixed, and the change between them. Only the call
 * sites with the largest changes are shown; the JSON has all of them.
 */
#include "output/diff.h"
#include "output/text_internal.h"

#include <errno.h>
#include <string.h>

#define MAX_BACKINGS 8

static const char *change__text(char buf[FORMAT_NUMBER], int64_t n, bool is_time)
{
	char digits[FORMAT_NUMBER];

	if (n == RECORD_UNKNOWN || n == 0)
		return strcpy(buf, n ? "?" : "=");
	if (is_time)
		format__time(digits, n < 0 ? -(double)n : (double)n);
	else
		format__count(digits, n < 0 ? -n : n);
	snprintf(buf, FORMAT_NUMBER, "%s%.38s", n < 0 ? "-" : "+", digits);
	return buf;
}

static void put__right(struct flow *w, enum tone tone, const char *s, int columns)
{
	struct format_text t;

	format__clear(&t);
	format__add(&t, "%s", s);
	fputs(flow__color(w->opt, tone), w->f);
	format__put(w->f, &t, -columns);
	fputs(flow__color_end(w->opt, tone), w->f);
}

/* Prints the three columns that every table begins with. If "is_good_news", fewer pages are good
 * and shown in that colour. */
static void put__triple(struct flow *w, const char *base, const char *fixed, int64_t change,
			bool is_time, bool is_good_news)
{
	char n[FORMAT_NUMBER];
	enum tone tone = !is_good_news || !change || change == RECORD_UNKNOWN ? TONE_PLAIN
			 : change < 0                                         ? TONE_GOOD
									      : TONE_BAD;

	put__right(w, TONE_PLAIN, base, 12);
	put__right(w, TONE_PLAIN, fixed, 13);
	put__right(w, tone, change__text(n, change, is_time), 14);
}

static void text__total(struct flow *w, const struct diff_total *total, bool is_good_news)
{
	int64_t base = total->n[DIFF_BASE], fixed = total->n[DIFF_FIXED];
	int64_t change = diff__change(base, fixed);
	char a[FORMAT_NUMBER], b[FORMAT_NUMBER];

	if (base == RECORD_UNKNOWN && fixed == RECORD_UNKNOWN)
		return;
	if (total->is_time) {
		strcpy(a, "?");
		strcpy(b, "?");
		if (base != RECORD_UNKNOWN)
			format__time(a, (double)base);
		if (fixed != RECORD_UNKNOWN)
			format__time(b, (double)fixed);
	} else {
		format__count(a, base);
		format__count(b, fixed);
	}
	put__triple(w, a, b, change, total->is_time, is_good_news);
	fprintf(w->f, "   %s", total->text);
	if (base > 0 && fixed >= 0 && change)
		fprintf(w->f, fixed < base ? " (%s less)" : " (%s more)",
			format__percent(a, change < 0 ? -change : change, base));
	fputc('\n', w->f);
}

static void put__row(struct flow *w, const struct diff_row *row)
{
	const int64_t *base = row->count[DIFF_BASE], *fixed = row->count[DIFF_FIXED];
	char a[FORMAT_NUMBER], b[FORMAT_NUMBER];

	put__triple(w, row->in[DIFF_BASE] ? format__count(a, base[DIFF_POPULATED]) : "–",
		    row->in[DIFF_FIXED] ? format__count(b, fixed[DIFF_POPULATED]) : "–",
		    diff__change(base[DIFF_POPULATED], fixed[DIFF_POPULATED]), false, true);
	/* mark a row of one record only, as diff(1) marks a line of one file only */
	fprintf(w->f, " %c ", row->in[DIFF_FIXED] ? row->in[DIFF_BASE] ? ' ' : '>' : '<');
}

static void put__name(struct flow *w, struct format_text *t)
{
	format__fit(t, w->width - 42);
	fprintf(w->f, "%s\n", t->s);
}

static void row__name(struct format_text *t, const struct diff_row *row)
{
	const struct record_callsite *c = row->site;

	if (!c) {
		format__add_name(t, row->key);
		return;
	}
	format__add(t, "%s ", record_access__name(c->access));
	format__add_name(t, string__or(c->category, "other"));
	format__add(t, ": ");
	if (c->syscall) {
		format__add_name(t, c->syscall);
		format__add(t, " ← ");
	}
	format__add_chain(t, &c->frames);
}

static bool row__is_changed(const struct diff_row *row)
{
	return row->count[DIFF_BASE][DIFF_POPULATED] != row->count[DIFF_FIXED][DIFF_POPULATED];
}

/* One row for all rows from "shown" on, which changed least. */
static void put__rest(struct flow *w, const struct diff_table *table, size_t shown)
{
	struct diff_row rest = {.in = {true, true}};

	for (size_t i = shown; i < table->n; i++)
		for (int side = DIFF_BASE; side <= DIFF_FIXED; side++)
			rest.count[side][DIFF_POPULATED] =
				record_count__sum(rest.count[side][DIFF_POPULATED],
						  table->v[i].count[side][DIFF_POPULATED]);
	put__row(w, &rest);
	fprintf(w->f, "… %zu more%s\n", table->n - shown,
		row__is_changed(&table->v[shown]) ? "" : ", none of them changed");
}

static void text__table(struct flow *w, const struct diff_table *table, const char *what,
			size_t shown)
{
	struct format_text t;

	if (!table->n)
		return;
	fprintf(w->f, "\n%12s%13s%14s   %s\n", "base", "fixed", "change", what);
	for (size_t i = 0; i < shown; i++) {
		put__row(w, &table->v[i]);
		format__clear(&t);
		row__name(&t, &table->v[i]);
		put__name(w, &t);
	}
	if (shown < table->n)
		put__rest(w, table, shown);
}

/* How many of the rows are shown if at most "max" lines fit: one line is kept for the rest. */
static size_t table__fit(const struct diff_table *table, size_t max)
{
	return table->n <= max ? table->n : max - 1;
}

static size_t table__changed(const struct diff_table *table)
{
	size_t n = 0;

	while (n < table->n && row__is_changed(&table->v[n]))
		n++;
	return n;
}

static void text__record(struct flow *w, const char *side, const struct record *r)
{
	struct format_text t;

	format__clear(&t);
	format__add(&t, "%-6s", side);
	flow__add(w, TONE_PLAIN, "", &t);
	text__head(w, r);
}

/* Functions without a name are matched by their offset, which works only within one build. */
static void text__builds(struct flow *w, const struct diff *d)
{
	const char *id[2] = {NULL, NULL};

	for (int side = DIFF_BASE; side <= DIFF_FIXED; side++)
		if (d->record[side]->nr_target)
			id[side] = d->record[side]->target[0].build_id;
	if (id[DIFF_BASE] && id[DIFF_FIXED] && strcmp(id[DIFF_BASE], id[DIFF_FIXED]) != 0)
		fputs("two builds: functions without a name have no counterpart\n\n", w->f);
}

int output_diff__text(const struct diff *d, FILE *f, const struct text_options *opt)
{
	struct flow w = {.f = f, .opt = opt, .width = options__width(opt)};
	size_t sites;

	errno = EIO;
	text__record(&w, "base", d->record[DIFF_BASE]);
	text__record(&w, "fixed", d->record[DIFF_FIXED]);
	text__builds(&w, d);
	fprintf(f, "%12s%13s%14s   (< only in base, > only in fixed)\n", "base", "fixed", "change");
	for (int i = 0; i < DIFF_NR_TOTALS; i++)
		/* the first two totals count populated pages */
		text__total(&w, &d->totals[i], i < 2);
	text__table(&w, &d->categories, "category", d->categories.n);
	text__table(&w, &d->backings, "RAM block or mapping",
		    table__fit(&d->backings, MAX_BACKINGS));
	sites = table__changed(&d->callsites);
	text__table(&w, &d->callsites, "call site",
		    sites > MAX_SITES ? table__fit(&d->callsites, MAX_SITES) : sites);
	return ferror(f) ? -errno : 0;
}
