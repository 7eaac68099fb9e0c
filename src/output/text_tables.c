/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the two tables of the screen, call sites and memory. Columns are as wide as their figures,
 * and one row stands for the rows that do not fit.
 */
#include "output/text_internal.h"
#include "output/format.h"

#include <string.h>

#define MAX_BACKINGS 5

/* --- call sites --- */

static int columns__of(int64_t n, int width)
{
	char buf[FORMAT_NUMBER];
	int len = (int)strlen(format__count(buf, n));

	return len > width ? len : width;
}

void put__count(FILE *f, int64_t n, int width)
{
	char buf[FORMAT_NUMBER];

	fprintf(f, "%*s", width, format__count(buf, n));
}

static const char *callsite__how(const struct record_callsite *c)
{
	if (c->access != RECORD_ACCESS_NONE)
		return record_access__name(c->access);
	return c->context == RECORD_CONTEXT_SYSCALL ? "call" : "–";
}

static void add__by(struct format_text *t, const struct record *r, const struct record_callsite *c)
{
	if (c->comm) { /* set if the process is not a target */
		format__add_name(t, c->comm);
		format__add(t, " %u: ", c->pid);
	} else if (r->nr_target > 1) {
		format__add(t, "%u: ", c->pid);
	}
	if (c->syscall) {
		format__add_name(t, c->syscall);
		format__add(t, " ← ");
	} else if (c->context == RECORD_CONTEXT_KERNEL) {
		format__add(t, "kernel ← ");
	}
	format__add_chain(t, &c->frames);
}

static void text__callsite(struct flow *w, const struct record *r, const struct record_callsite *c,
			   int pages, int zero)
{
	struct format_text t;

	put__count(w->f, c->populated_pages, pages);
	fputs("  ", w->f);
	put__count(w->f, c->zero_populated_pages, zero);
	format__clear(&t);
	format__add(&t, "%s", callsite__how(c));
	fputs("  ", w->f);
	format__put(w->f, &t, 5);
	format__clear(&t);
	format__add_name(&t, string__or(c->category, "other"));
	format__fit(&t, 12);
	fputs("  ", w->f);
	format__put(w->f, &t, 12);
	format__clear(&t);
	add__by(&t, r, c);
	zero = w->width - pages - zero - 25;
	format__fit(&t, zero < 16 ? 16 : zero);
	fprintf(w->f, "  %s\n", t.s);
	w->lines++;
}

void text__callsites(struct flow *w, const struct record *r, size_t max)
{
	size_t shown = r->nr_callsites <= max ? r->nr_callsites : max - 1;
	int64_t pages = RECORD_UNKNOWN, zero = RECORD_UNKNOWN;
	int pages_width = 9, zero_width = 9;

	if (!r->nr_callsites)
		return;
	for (size_t i = shown; i < r->nr_callsites; i++) {
		pages = record_count__sum(pages, r->callsites[i].populated_pages);
		zero = record_count__sum(zero, r->callsites[i].zero_populated_pages);
	}
	pages_width = columns__of(pages, pages_width);
	zero_width = columns__of(zero, zero_width);
	for (size_t i = 0; i < shown; i++) {
		pages_width = columns__of(r->callsites[i].populated_pages, pages_width);
		zero_width = columns__of(r->callsites[i].zero_populated_pages, zero_width);
	}
	flow__blank(w);
	fprintf(w->f, "%*s  %*s  how    category      by\n", pages_width, "pages", zero_width,
		"zero");
	w->lines++;
	for (size_t i = 0; i < shown; i++)
		text__callsite(w, r, &r->callsites[i], pages_width, zero_width);
	if (shown == r->nr_callsites)
		return;
	put__count(w->f, pages, pages_width);
	fputs("  ", w->f);
	put__count(w->f, zero, zero_width);
	fprintf(w->f, "  … %zu more call sites\n", r->nr_callsites - shown);
	w->lines++;
}

/* --- RAM blocks and other memory --- */

static void text__backing_row(struct flow *w, const struct record_backing *b, const int width[4],
			      int name_width)
{
	struct format_text t;

	format__clear(&t);
	format__add_name(&t, string__or(b->ram_block, string__or(b->name, "(no name)")));
	format__fit(&t, name_width);
	format__put(w->f, &t, name_width);
	format__clear(&t);
	format__add_memory(&t, b);
	fputs("  ", w->f);
	format__put(w->f, &t, 18);
	put__count(w->f, b->populated_pages, width[0] + 2);
	put__count(w->f, b->zero_populated_pages, width[1] + 2);
	put__count(w->f, b->released_pages, width[2] + 2);
	if (b->length_pages == RECORD_UNKNOWN || b->length_pages == 0)
		fprintf(w->f, "%*s–\n", width[3] + 1, "");
	else
		put__count(w->f, b->length_pages, width[3] + 2), fputc('\n', w->f);
	w->lines++;
}

static void text__backing_rest(struct flow *w, const struct record *r, size_t shown,
			       const int width[4], int name_width)
{
	int64_t sum[3] = {RECORD_UNKNOWN, RECORD_UNKNOWN, RECORD_UNKNOWN};
	struct format_text t;

	for (size_t i = shown; i < r->nr_backing; i++) {
		sum[0] = record_count__sum(sum[0], r->backing[i].populated_pages);
		sum[1] = record_count__sum(sum[1], r->backing[i].zero_populated_pages);
		sum[2] = record_count__sum(sum[2], r->backing[i].released_pages);
	}
	format__clear(&t);
	format__add(&t, "… %zu more", r->nr_backing - shown);
	format__put(w->f, &t, name_width + 20);
	for (int i = 0; i < 3; i++)
		put__count(w->f, sum[i], width[i] + 2);
	fputc('\n', w->f);
	w->lines++;
}

void text__backings(struct flow *w, const struct record *r)
{
	size_t shown = r->nr_backing <= MAX_BACKINGS ? r->nr_backing : MAX_BACKINGS - 1;
	int width[4] = {9, 9, 10, 9}, name_width = 9, name_max;
	struct format_text t;

	if (!r->nr_backing)
		return;
	for (size_t i = 0; i < r->nr_backing; i++) {
		const struct record_backing *b = &r->backing[i];

		width[0] = columns__of(b->populated_pages, width[0]);
		width[1] = columns__of(b->zero_populated_pages, width[1]);
		width[2] = columns__of(b->released_pages, width[2]);
		width[3] = columns__of(b->length_pages, width[3]);
	}
	name_max = w->width - 28 - width[0] - width[1] - width[2] - width[3];
	name_max = name_max < 9 ? 9 : name_max > 28 ? 28 : name_max;
	for (size_t i = 0; i < shown; i++) {
		const struct record_backing *b = &r->backing[i];

		format__clear(&t);
		format__add_name(&t, string__or(b->ram_block, string__or(b->name, "(no name)")));
		format__fit(&t, name_max);
		if (t.columns > name_width)
			name_width = t.columns;
	}
	flow__blank(w);
	fprintf(w->f, "%-*s  %-18s  %*s  %*s  %*s  %*s\n", name_width,
		r->backing[0].ram_block ? "RAM block" : "mapping", "memory", width[0], "populated",
		width[1], "zero", width[2], "given back", width[3], "of");
	w->lines++;
	for (size_t i = 0; i < shown; i++)
		text__backing_row(w, &r->backing[i], width, name_width);
	if (shown < r->nr_backing)
		text__backing_rest(w, r, shown, width, name_width);
}
