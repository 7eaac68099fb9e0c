// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes the rows of figures that text and Markdown show. It must not know which of the two shows
 * them.
 */
#include "output/verify.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

static const char *mebibytes(char buf[FORMAT_NUMBER], int64_t pages)
{
	if (pages == RECORD_UNKNOWN)
		return strcpy(buf, "?");
	return format__count(buf, (pages * sysconf(_SC_PAGESIZE) + (1 << 19)) >> 20);
}

static void cell__rss(char *cell, size_t size, const struct verify_end *e)
{
	char a[FORMAT_NUMBER], b[FORMAT_NUMBER];

	if (e->rss_before != RECORD_UNKNOWN)
		snprintf(cell, size, "%s → %s MiB", mebibytes(a, e->rss_before),
			 mebibytes(b, e->rss_after));
}

static void cell__total(char *cell, size_t size, const struct record *r, bool zero)
{
	char n[FORMAT_NUMBER];

	if (r)
		snprintf(cell, size, "%s",
			 format__count(n, zero ? r->totals.zero_populated_pages
					       : r->totals.populated_pages));
}

static void cell__ms(char *cell, size_t size, int64_t ms)
{
	char n[FORMAT_NUMBER];

	if (ms != RECORD_UNKNOWN)
		snprintf(cell, size, "%s ms", format__count(n, ms));
}

static void cell__content(char *cell, size_t size, const struct verify_run *run)
{
	char n[FORMAT_NUMBER];

	if (!run->compared)
		return;
	if (run->differing.n)
		snprintf(cell, size, run->differing.n == 1 ? "%s page differs" : "%s pages differ",
			 format__count(n, (int64_t)run->differing.n));
	else
		snprintf(cell, size, "equal");
}

static void remark__times(char *remark, size_t size, double ratio)
{
	if (isfinite(ratio) && ratio > 0 && ratio < 0.95)
		snprintf(remark, size, "%.1f × faster", 1 / ratio);
	else if (isfinite(ratio) && ratio > 1.05)
		snprintf(remark, size, "%.1f × slower", ratio);
}

/* Keeps the row, unless it is empty. */
static void keep(size_t *n, const struct verify_row *row)
{
	*n += row->cell[RUN_STOCK][0] || row->cell[RUN_FIXED][0];
}

static size_t rows__of_end(const struct verify_report *r, enum verify_end_id end,
			   struct verify_row *rows)
{
	static const char *const names[NR_ENDS][3] = {
		{"source RSS", "source, zero pages populated", "source, all pages populated"},
		{"destination RSS", "destination, zero pages populated",
		 "destination, all pages populated"}};
	size_t n = 0;

	for (int what = 0; what < 3; what++) {
		struct verify_row *row = &rows[n];

		memset(row, 0, sizeof(*row));
		row->name = names[end][what];
		for (int run = 0; run < NR_RUNS; run++) {
			const struct verify_end *e = &r->v->run[run].end[end];

			if (what)
				cell__total(row->cell[run], sizeof(row->cell[run]), e->record,
					    what == 1);
			else
				cell__rss(row->cell[run], sizeof(row->cell[run]), e);
		}
		if (what == 1 && !r->v->judged[end])
			strcpy(row->remark, "not judged");
		keep(&n, row);
	}
	return n;
}

static void cell__tables(char *cell, size_t size, const struct record *r)
{
	char n[FORMAT_NUMBER];

	for (size_t i = 0; r && i < r->nr_accounting; i++)
		if (r->accounting[i].kind && !strcmp(r->accounting[i].kind, "page-tables"))
			snprintf(cell, size, "%s", format__count(n, r->accounting[i].kernel_pages));
}

/* Makes the rows for the populate routine, whose figures are stored as those of the destination. */
static size_t rows__of_routine(const struct verify_report *r, struct verify_row *rows)
{
	static const char *const names[] = {"RSS", "zero pages populated", "page tables"};

	memset(rows, 0, 3 * sizeof(*rows));
	for (size_t i = 0; i < 3; i++)
		rows[i].name = names[i];
	for (int run = 0; run < NR_RUNS; run++) {
		const struct verify_end *e = &r->v->run[run].end[END_DESTINATION];

		cell__rss(rows[0].cell[run], sizeof(rows[0].cell[run]), e);
		cell__total(rows[1].cell[run], sizeof(rows[1].cell[run]), e->record, true);
		cell__tables(rows[2].cell[run], sizeof(rows[2].cell[run]), e->record);
	}
	return 3;
}

size_t verify_rows__make(const struct verify_report *r, struct verify_row rows[VERIFY_MAX_ROWS])
{
	size_t n;

	if (r->setup && r->setup->routine)
		return rows__of_routine(r, rows);
	n = rows__of_end(r, END_SOURCE, rows);
	n += rows__of_end(r, END_DESTINATION, rows + n);
	memset(rows + n, 0, (VERIFY_MAX_ROWS - n) * sizeof(*rows));
	rows[n].name = "migration time";
	for (int run = 0; run < NR_RUNS; run++)
		cell__ms(rows[n].cell[run], sizeof(rows[n].cell[run]), r->v->run[run].total_ms);
	remark__times(rows[n].remark, sizeof(rows[n].remark), r->j->ratio.total_time);
	keep(&n, &rows[n]);
	rows[n].name = "downtime";
	for (int run = 0; run < NR_RUNS; run++)
		cell__ms(rows[n].cell[run], sizeof(rows[n].cell[run]), r->v->run[run].downtime_ms);
	keep(&n, &rows[n]);
	rows[n].name = "dirty page syncs";
	for (int run = 0; run < NR_RUNS; run++)
		if (r->v->run[run].syncs != RECORD_UNKNOWN)
			format__count(rows[n].cell[run], r->v->run[run].syncs);
	keep(&n, &rows[n]);
	rows[n].name = "guest memory";
	for (int run = 0; run < NR_RUNS; run++)
		cell__content(rows[n].cell[run], sizeof(rows[n].cell[run]), &r->v->run[run]);
	strcpy(rows[n].remark, "byte for byte");
	keep(&n, &rows[n]);
	return n;
}

void verify__describe(const struct verify_report *r, struct format_text *t)
{
	const struct verify_setup *s = r->setup;
	char n[FORMAT_NUMBER];

	format__clear(t);
	if (!s) {
		format__add(t, "two saved records");
		return;
	}
	if (s->routine) {
		format__add(t, "populate routine   %s %s   %u/%u discarded",
			    format__size(n, (double)s->memory), s->backing, s->discarded, s->of);
		return;
	}
	format__add_name(t, s->qemu);
	format__add(t, "   %s %s%s", format__size(n, (double)s->memory), s->backing,
		    s->prealloc ? ", preallocated" : "");
	format__add(t, "   %s guest   %s   fixed by ", s->guest, s->accel);
	format__add_name(t, s->fixed_by);
}

bool verify__said(const struct verify_report *r, enum verify_end_id end, struct format_text *t)
{
	static const char *const names[NR_ENDS] = {"source", "destination"};
	const struct verify_end *e = r->v->run[RUN_FIXED].end;
	const char *source = e[END_SOURCE].said, *said = e[end].said;
	bool same = source && e[END_DESTINATION].said && !strcmp(source, e[END_DESTINATION].said);

	format__clear(t);
	if (!said || (same && end != END_SOURCE))
		return false;
	format__add(t, "%s: ", same ? "the fix, at both ends" : names[end]);
	format__add_name(t, said);
	return true;
}

const char *verify__run_name(const struct verify_report *r, enum verify_run_id run)
{
	if (r->setup && r->setup->routine)
		return run == RUN_FIXED ? "routine" : "loop";
	return run == RUN_FIXED ? "fixed" : "stock";
}
