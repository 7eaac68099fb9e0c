/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record as one screen of text: how many pages, by whom, where, how, which of them for nothing,
 * what came back, whether the books balance and what it cost to know. It must not ask the kernel.
 */
#include "output/text.h"
#include "output/format.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINES    40
#define MAX_SITES    12
#define MIN_SITES    4
#define MAX_BACKINGS 5
#define MAX_ADVICE   3
#define MAX_ROWS     5 /* of the books, where they do not balance */

enum verdict { VERDICT_NONE, VERDICT_GOOD, VERDICT_BAD, VERDICT_WARN };

/* Phrases side by side, three blanks apart, on as many lines as it takes. */
struct flow {
	FILE *f;
	const struct text_options *opt;
	int width, column, lines;
};

static int options__width(const struct text_options *opt)
{
	int width = opt && opt->width > 0 ? opt->width : 100;

	return width < 40 ? 40 : width > 400 ? 400 : width;
}

static const char *verdict__on(const struct text_options *opt, enum verdict v)
{
	static const char *const codes[] = {"", "\033[32m", "\033[1;31m", "\033[33m"};

	return opt && opt->color ? codes[v] : "";
}

static const char *verdict__off(const struct text_options *opt, enum verdict v)
{
	return opt && opt->color && v != VERDICT_NONE ? "\033[0m" : "";
}

static void flow__end(struct flow *w)
{
	if (!w->column)
		return;
	fputc('\n', w->f);
	w->lines++;
	w->column = 0;
}

/* A blank line between two blocks. */
static void flow__blank(struct flow *w)
{
	flow__end(w);
	fputc('\n', w->f);
	w->lines++;
}

/* One phrase; of @verdict's colour are its first @words, the rest is plain. */
static void flow__add(struct flow *w, enum verdict v, const char *words, struct format_text *t)
{
	struct format_text head;
	int room = w->width, len;

	format__clear(&head);
	format__add(&head, "%s", words);
	format__fit(t, room - head.columns);
	len = head.columns + t->columns;
	if (w->column && w->column + 3 + len > w->width)
		flow__end(w);
	if (w->column)
		w->column += fprintf(w->f, "   ");
	fprintf(w->f, "%s%s%s%s", verdict__on(w->opt, v), head.s, verdict__off(w->opt, v), t->s);
	w->column += len;
	format__clear(t);
}

/* A whole line of its own, which is cut rather than wrapped. */
static void flow__line(struct flow *w, struct format_text *t)
{
	flow__end(w);
	flow__add(w, VERDICT_NONE, "", t);
	flow__end(w);
}

static const char *string__or(const char *s, const char *otherwise)
{
	return s && s[0] ? s : otherwise;
}

static const char *path__last(const char *s)
{
	const char *slash = s ? strrchr(s, '/') : NULL;

	return slash && slash[1] ? slash + 1 : s;
}

/* --- who was watched, and the figures that matter most --- */

static void text__target(struct flow *w, const struct record *r, struct format_text *t)
{
	const struct record_target *first = r->nr_target ? &r->target[0] : NULL;

	if (!first) {
		format__add(t, "no process");
		flow__add(w, VERDICT_NONE, "", t);
		return;
	}
	format__add(t, "pid %u ", first->pid);
	format__add_name(t, string__or(path__last(first->exe), string__or(first->comm, "?")));
	flow__add(w, VERDICT_NONE, "", t);
	if (first->guest) {
		format__add(t, "guest ");
		format__add_name(t, first->guest);
		flow__add(w, VERDICT_NONE, "", t);
	}
	if (r->nr_target > 1) {
		format__add(t, "and %zu more process%s", r->nr_target - 1,
			    r->nr_target > 2 ? "es" : "");
		flow__add(w, VERDICT_NONE, "", t);
	}
}

static void text__head(struct flow *w, const struct record *r)
{
	char n[FORMAT_NUMBER];
	struct format_text t;

	format__clear(&t);
	text__target(w, r, &t);
	format__add(&t, "%s mode, %s stacks", string__or(r->mode, "unknown"),
		    !strcmp(string__or(r->stack, "unknown"), "none")
			    ? "no"
			    : string__or(r->stack, "unknown"));
	flow__add(w, VERDICT_NONE, "", &t);
	if (r->end_ns > r->start_ns)
		format__add(&t, "window %s", format__time(n, (double)(r->end_ns - r->start_ns)));
	else
		format__add(&t, "window of unknown length");
	if (r->opened_by || r->closed_by) {
		format__add(&t, ", ");
		format__add_name(&t, string__or(r->opened_by, "?"));
		format__add(&t, " → ");
		format__add_name(&t, string__or(r->closed_by, "?"));
	}
	flow__add(w, VERDICT_NONE, "", &t);
	flow__blank(w);
}

/* "262,175 pages (1.00 GiB)" */
static void add__pages(struct format_text *t, int64_t pages, uint32_t page_size)
{
	char n[FORMAT_NUMBER];

	if (pages == RECORD_UNKNOWN) {
		format__add(t, "an unknown number of pages");
		return;
	}
	format__add(t, "%s page%s", format__count(n, pages), pages == 1 ? "" : "s");
	if (pages && page_size)
		format__add(t, " (%s)", format__size(n, (double)pages * page_size));
}

static void text__totals(struct flow *w, const struct record *r)
{
	int64_t zero = r->totals.zero_populated_pages, pages = r->totals.populated_pages;
	char n[FORMAT_NUMBER];
	struct format_text t;

	format__clear(&t);
	format__add(&t, "populated ");
	add__pages(&t, pages, r->host_page_size);
	flow__add(w, VERDICT_NONE, "", &t);

	if (zero == RECORD_UNKNOWN)
		format__add(&t, " not known in this mode");
	else
		format__add(&t, " %s", format__count(n, zero));
	if (zero != RECORD_UNKNOWN && pages > 0)
		format__add(&t, " (%s)", format__percent(n, zero, pages));
	flow__add(w, zero > 0 ? VERDICT_WARN : VERDICT_NONE, "zero pages nobody needed", &t);

	format__add(&t, "given back %s", format__count(n, r->totals.released_pages));
	flow__add(w, VERDICT_NONE, "", &t);
	flow__end(w);
}

struct split {
	int64_t read, write, call;
};

static void text__how(struct flow *w, const struct record *r)
{
	struct split s = {RECORD_UNKNOWN, RECORD_UNKNOWN, RECORD_UNKNOWN};
	char a[FORMAT_NUMBER], b[FORMAT_NUMBER], c[FORMAT_NUMBER];
	struct format_text t;

	for (size_t i = 0; i < r->nr_callsites; i++) {
		const struct record_callsite *site = &r->callsites[i];
		int64_t *sum = site->access == RECORD_ACCESS_READ    ? &s.read
			       : site->access == RECORD_ACCESS_WRITE ? &s.write
								     : &s.call;

		*sum = record_count__sum(*sum, site->populated_pages);
	}
	format__clear(&t);
	if (r->nr_callsites) {
		format__add(&t, "by read %s, by write %s, by neither %s",
			    format__count(a, s.read == RECORD_UNKNOWN ? 0 : s.read),
			    format__count(b, s.write == RECORD_UNKNOWN ? 0 : s.write),
			    format__count(c, s.call == RECORD_UNKNOWN ? 0 : s.call));
		flow__add(w, VERDICT_NONE, "", &t);
	}
	if (r->totals.faults != RECORD_UNKNOWN) {
		format__add(&t, "%s faults", format__count(a, r->totals.faults));
		if (r->totals.faults_kernel > 0)
			format__add(&t, " (%s in the kernel)",
				    format__count(b, r->totals.faults_kernel));
		flow__add(w, VERDICT_NONE, "", &t);
	}
	if (r->totals.mapped_pages > 0) {
		format__add(&t, "%s only mapped", format__count(a, r->totals.mapped_pages));
		flow__add(w, VERDICT_NONE, "", &t);
	}
	flow__end(w);
}

struct category {
	const char *name;
	int64_t pages;
};

static int category__compare(const void *x, const void *y)
{
	const struct category *a = x, *b = y;

	return (a->pages < b->pages) - (a->pages > b->pages);
}

/* Worth a line only where the call sites below it do not show all. */
static void text__categories(struct flow *w, const struct record *r)
{
	struct category v[16] = {0};
	size_t n = 0, k;
	char c[FORMAT_NUMBER];
	struct format_text t;

	if (r->nr_callsites <= MIN_SITES)
		return;
	for (size_t i = 0; i < r->nr_callsites; i++) {
		const char *name = string__or(r->callsites[i].category, "other");

		for (k = 0; k < n && strcmp(v[k].name, name) != 0; k++)
			;
		if (k == sizeof(v) / sizeof(v[0]))
			continue;
		if (k == n) {
			v[n].name = name;
			v[n++].pages = RECORD_UNKNOWN;
		}
		v[k].pages = record_count__sum(v[k].pages, r->callsites[i].populated_pages);
	}
	qsort(v, n, sizeof(v[0]), category__compare);
	format__clear(&t);
	/* That all of it is for "other" says nothing. */
	for (k = 0; k < n && v[k].pages > 0 && (n > 1 || strcmp(v[k].name, "other") != 0); k++) {
		format__add(&t, k ? ", " : "for ");
		format__add_name(&t, v[k].name);
		format__add(&t, " %s", format__count(c, v[k].pages));
	}
	if (t.n)
		flow__line(w, &t);
}

/* --- call sites --- */

static int columns__of(int64_t n, int width)
{
	char buf[FORMAT_NUMBER];
	int len = (int)strlen(format__count(buf, n));

	return len > width ? len : width;
}

static void put__count(FILE *f, int64_t n, int width)
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
	if (r->nr_target > 1)
		format__add(t, "%u: ", c->pid);
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

static void text__callsites(struct flow *w, const struct record *r, size_t max)
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

static void text__backings(struct flow *w, const struct record *r)
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

/* --- what was given back, or asked to be --- */

static void text__advice(struct flow *w, const struct record *r)
{
	size_t shown = r->nr_advice <= MAX_ADVICE ? r->nr_advice : MAX_ADVICE - 1;
	int64_t pages = RECORD_UNKNOWN, calls = RECORD_UNKNOWN;
	char a[FORMAT_NUMBER], b[FORMAT_NUMBER];
	struct format_text t;

	if (!r->nr_advice)
		return;
	flow__blank(w);
	format__clear(&t);
	for (size_t i = 0; i < shown; i++) {
		const struct record_advice *v = &r->advice[i];

		format__add(&t, "given back %s by ", format__count(a, v->released_pages));
		format__add_name(&t, string__or(v->behavior, string__or(v->call, "?")));
		format__add(&t, ", %s calls", format__count(a, v->calls));
		if (v->failed > 0)
			format__add(&t, ", %s failed (%s)", format__count(a, v->failed),
				    string__or(v->error, "?"));
		if (v->bytes >= 0)
			format__add(&t, ", %s", format__size(b, (double)v->bytes));
		if (r->nr_target > 1)
			format__add(&t, ", pid %u", v->pid);
		format__add(&t, ": ");
		format__add_chain(&t, &v->frames);
		flow__line(w, &t);
	}
	if (shown == r->nr_advice)
		return;
	for (size_t i = shown; i < r->nr_advice; i++) {
		pages = record_count__sum(pages, r->advice[i].released_pages);
		calls = record_count__sum(calls, r->advice[i].calls);
	}
	format__add(&t, "given back %s by … %zu more sites, %s calls", format__count(a, pages),
		    r->nr_advice - shown, format__count(b, calls));
	flow__line(w, &t);
}

/* --- the books --- */

enum books { BOOKS_UNKNOWN, BOOKS_BALANCE, BOOKS_DO_NOT };

static enum books accounting__state(const struct record_accounting *a)
{
	int64_t may = a->uncertainty_pages > 0 ? a->uncertainty_pages : 0;

	if (a->residual_pages == RECORD_UNKNOWN)
		return BOOKS_UNKNOWN;
	return a->residual_pages <= may && a->residual_pages >= -may ? BOOKS_BALANCE : BOOKS_DO_NOT;
}

static bool accounting__is(const struct record_accounting *a, const char *kind)
{
	return a->kind && strcmp(a->kind, kind) == 0;
}

/* One figure of each sort, over the rows that it is known of. */
struct books_sums {
	int64_t kernel, traced, uncertainty; /* memory of files: shmem, hugetlb */
	int64_t anon_kernel, anon_traced, anon_uncertainty;
	int64_t page_tables;
	size_t bad, unknown, good;
};

static struct books_sums books__sum(const struct record *r)
{
	struct books_sums s = {.kernel = RECORD_UNKNOWN,
			       .traced = RECORD_UNKNOWN,
			       .uncertainty = 0,
			       .anon_kernel = RECORD_UNKNOWN,
			       .anon_traced = RECORD_UNKNOWN,
			       .page_tables = RECORD_UNKNOWN};

	for (size_t i = 0; i < r->nr_accounting; i++) {
		const struct record_accounting *a = &r->accounting[i];

		if (accounting__is(a, "page-tables")) {
			s.page_tables = record_count__sum(s.page_tables, a->kernel_pages);
			if (accounting__state(a) == BOOKS_DO_NOT)
				s.bad++;
			continue;
		}
		switch (accounting__state(a)) {
		case BOOKS_UNKNOWN:
			s.unknown++;
			continue; /* half a row would make the sums differ */
		case BOOKS_DO_NOT:
			s.bad++;
			break;
		case BOOKS_BALANCE:
			s.good++;
			break;
		}
		if (accounting__is(a, "anon")) {
			s.anon_uncertainty = record_count__sum(s.anon_uncertainty,
							       a->uncertainty_pages);
			s.anon_kernel = record_count__sum(s.anon_kernel, a->kernel_pages);
			s.anon_traced = record_count__sum(s.anon_traced, a->traced_pages);
		} else {
			s.uncertainty = record_count__sum(s.uncertainty, a->uncertainty_pages);
			s.kernel = record_count__sum(s.kernel, a->kernel_pages);
			s.traced = record_count__sum(s.traced, a->traced_pages);
		}
	}
	return s;
}

static void text__unbalanced(struct flow *w, const struct record *r, size_t bad)
{
	size_t max = bad <= MAX_ROWS ? bad : MAX_ROWS - 1, shown = 0;
	char n[FORMAT_NUMBER];
	struct format_text t;

	format__clear(&t);
	for (size_t i = 0; i < r->nr_accounting && shown < max; i++) {
		const struct record_accounting *a = &r->accounting[i];

		if (accounting__state(a) != BOOKS_DO_NOT)
			continue;
		format__add(&t, "  kernel %s", format__count(n, a->kernel_pages));
		format__add(&t, ", traced %s", format__count(n, a->traced_pages));
		format__add(&t, ", residual %s", format__count(n, a->residual_pages));
		if (a->uncertainty_pages > 0)
			format__add(&t, " (of which %s may have moved before the start)",
				    format__count(n, a->uncertainty_pages));
		format__add(&t, ": %s ", string__or(a->kind, "?"));
		format__add_name(&t, string__or(a->name, ""));
		if (a->pid)
			format__add(&t, " pid %u", a->pid);
		flow__line(w, &t);
		shown++;
	}
	if (shown < bad) {
		format__add(&t, "  … %zu more rows do not balance", bad - shown);
		flow__line(w, &t);
	}
}

static void add__uncertainty(struct format_text *t, int64_t pages)
{
	char n[FORMAT_NUMBER];

	if (pages > 0)
		format__add(t, " (±%s)", format__count(n, pages));
}

static void text__books_rest(struct flow *w, const struct books_sums *s, bool anon_is_all)
{
	char a[FORMAT_NUMBER], b[FORMAT_NUMBER];
	struct format_text t;

	format__clear(&t);
	if (s->anon_kernel != RECORD_UNKNOWN && !anon_is_all) {
		format__add(&t, "anonymous memory: kernel %s, traced %s",
			    format__count(a, s->anon_kernel), format__count(b, s->anon_traced));
		add__uncertainty(&t, s->anon_uncertainty);
		flow__add(w, VERDICT_NONE, "", &t);
	}
	if (s->page_tables != RECORD_UNKNOWN) {
		format__add(&t, "page tables %s%s", s->page_tables > 0 ? "+" : "",
			    format__count(a, s->page_tables));
		flow__add(w, VERDICT_NONE, "", &t);
	}
	if (s->unknown) {
		format__add(&t, "%zu row%s cannot be checked", s->unknown,
			    s->unknown == 1 ? "" : "s");
		flow__add(w, VERDICT_NONE, "", &t);
	}
}

static void text__books(struct flow *w, const struct record *r)
{
	struct books_sums s = books__sum(r);
	bool anon_is_all = s.kernel == RECORD_UNKNOWN;
	char a[FORMAT_NUMBER], b[FORMAT_NUMBER];
	struct format_text t;

	format__clear(&t);
	if (s.bad) {
		format__add(&t, " (%zu of %zu rows)", s.bad, s.bad + s.good);
		flow__add(w, VERDICT_BAD, "books do not balance", &t);
		flow__end(w);
		text__unbalanced(w, r, s.bad);
	} else if (s.good) {
		format__add(&t, ": kernel %s, traced %s",
			    format__count(a, anon_is_all ? s.anon_kernel : s.kernel),
			    format__count(b, anon_is_all ? s.anon_traced : s.traced));
		if (anon_is_all)
			format__add(&t, " of anonymous memory");
		add__uncertainty(&t, anon_is_all ? s.anon_uncertainty : s.uncertainty);
		flow__add(w, VERDICT_GOOD, "books balance", &t);
	} else {
		format__add(&t, "books cannot be checked");
		flow__add(w, VERDICT_WARN, "", &t);
	}
	text__books_rest(w, &s, anon_is_all || s.bad);
	flow__end(w);
}

/* --- losses and cost --- */

static void add__kinds(struct format_text *t, const struct record_count *v, size_t n)
{
	char c[FORMAT_NUMBER];
	bool first = true;

	for (size_t i = 0; i < n; i++) {
		if (v[i].n <= 0)
			continue;
		format__add(t, first ? ": " : ", ");
		format__add_name(t, string__or(v[i].name, "other"));
		format__add(t, " %s", format__count(c, v[i].n));
		first = false;
	}
}

static void text__lost(struct flow *w, const struct record *r)
{
	bool known = r->lost.events != RECORD_UNKNOWN;
	char n[FORMAT_NUMBER];
	struct format_text t;

	format__clear(&t);
	if (!known && r->lost.stacks <= 0) {
		format__add(&t, "losses not known");
		flow__add(w, VERDICT_WARN, "", &t);
	} else if (r->lost.events <= 0 && r->lost.stacks <= 0) {
		flow__add(w, VERDICT_GOOD, "lost nothing", &t);
	}
	if (r->lost.events > 0) {
		format__add(&t, " %s events", format__count(n, r->lost.events));
		add__kinds(&t, r->lost.kinds, r->lost.nr_kinds);
		flow__add(w, VERDICT_BAD, "lost", &t);
	}
	if (r->lost.stacks > 0) {
		format__add(&t, " %s call chains", format__count(n, r->lost.stacks));
		flow__add(w, VERDICT_BAD, "lost", &t);
	}
	if (r->lost.truncated_stacks > 0) {
		format__add(&t, "%s call chains cut short",
			    format__count(n, r->lost.truncated_stacks));
		add__kinds(&t, r->lost.unwind_errors, r->lost.nr_unwind_errors);
		flow__add(w, VERDICT_WARN, "", &t);
	}
}

static void text__cost(struct flow *w, const struct record *r)
{
	int64_t events = r->overhead.events, bpf_ns = r->overhead.bpf_ns;
	double each = r->overhead.ns_per_event;
	char a[FORMAT_NUMBER], b[FORMAT_NUMBER];
	struct format_text t;

	if (!isfinite(each) && events > 0 && bpf_ns >= 0)
		each = (double)bpf_ns / (double)events;
	format__clear(&t);
	if (isfinite(each))
		format__add(&t, "cost %s an event", format__time(a, each));
	else
		format__add(&t, "cost not measured");
	if (events >= 0 && bpf_ns >= 0)
		format__add(&t, " (%s events, %s)", format__count(a, events),
			    format__time(b, (double)bpf_ns));
	else if (events >= 0)
		format__add(&t, " (%s events)", format__count(a, events));
	flow__add(w, VERDICT_NONE, "", &t);
	flow__end(w);
}

int output_text__write(const struct record *r, FILE *f, const struct text_options *opt)
{
	struct flow w = {.f = f, .opt = opt, .width = options__width(opt)}, tail = w;
	size_t len = 0, max;
	char *text = NULL;
	int err = 0, left;

	/* what comes after the call sites says how many of them there is room for */
	tail.f = open_memstream(&text, &len);
	if (!tail.f)
		return -errno;
	text__backings(&tail, r);
	text__advice(&tail, r);
	flow__blank(&tail);
	text__books(&tail, r);
	text__lost(&tail, r);
	text__cost(&tail, r);
	if (fclose(tail.f)) {
		err = -ENOMEM;
		goto out;
	}
	text__head(&w, r);
	text__totals(&w, r);
	text__how(&w, r);
	text__categories(&w, r);
	left = MAX_LINES - w.lines - tail.lines - 2;
	max = left < MIN_SITES ? MIN_SITES : left > MAX_SITES ? MAX_SITES : (size_t)left;
	text__callsites(&w, r, max);
	errno = EIO;
	if (fwrite(text, 1, len, f) != len || ferror(f))
		err = -errno;
out:
	free(text);
	return err;
}

/* --- live --- */

/* A second's worth of what was added; a count that was not known before started at 0. */
static int64_t rate__of(int64_t before, int64_t after, double seconds)
{
	double rate;

	if (after == RECORD_UNKNOWN || seconds <= 0)
		return RECORD_UNKNOWN;
	rate = ((double)after - (before == RECORD_UNKNOWN ? 0 : (double)before)) / seconds;
	if (fabs(rate) > 9e18)
		return RECORD_UNKNOWN;
	return llround(rate);
}

static void put__rates(const struct record *prev, const struct record *now, FILE *f)
{
	const struct record_tick *tick = now->nr_timeline ? &now->timeline[now->nr_timeline - 1]
							  : NULL;
	uint64_t from = prev ? prev->end_ns : now->start_ns;
	double seconds = now->end_ns > from ? (double)(now->end_ns - from) / 1e9 : 0;
	double since = now->end_ns > now->start_ns ? (double)(now->end_ns - now->start_ns) / 1e9
						   : 0;
	char n[FORMAT_NUMBER];

#define BEFORE(m) (prev ? prev->totals.m : 0)
	fprintf(f, "%9.1f", since);
	put__count(f, rate__of(BEFORE(faults), now->totals.faults, seconds), 13);
	put__count(f, rate__of(BEFORE(populated_pages), now->totals.populated_pages, seconds), 13);
	put__count(
		f,
		rate__of(BEFORE(zero_populated_pages), now->totals.zero_populated_pages, seconds),
		13);
	put__count(f, rate__of(BEFORE(released_pages), now->totals.released_pages, seconds), 13);
#undef BEFORE
	put__count(f, now->totals.populated_pages, 15);
	if (tick && tick->rss_pages >= 0)
		format__size(n, (double)tick->rss_pages *
					(now->host_page_size ? now->host_page_size : 4096));
	else
		snprintf(n, sizeof(n), "?");
	fprintf(f, "%11s\n", n);
}

int output_text__live(const struct record *prev, const struct record *now, FILE *f,
		      const struct text_options *opt)
{
	struct flow w = {.f = f, .opt = opt, .width = options__width(opt)};
	bool refresh = opt && opt->refresh;

	errno = EIO;
	if (refresh) {
		fputs("\033[H\033[J", f);
		text__head(&w, now);
	}
	if (refresh || !prev)
		fprintf(f, "%9s%13s%13s%13s%13s%15s%11s\n", "seconds", "faults/s", "pages/s",
			"zero/s", "given back/s", "pages", "rss");
	put__rates(prev, now, f);
	if (refresh) {
		text__callsites(&w, now, MAX_SITES);
		text__backings(&w, now);
	}
	/* a reader in a pipe wants each interval when it ends */
	return fflush(f) || ferror(f) ? -errno : 0;
}
