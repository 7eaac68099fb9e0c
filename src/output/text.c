/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a record as one screen of text: how many pages, by whom, where, how, which of them nobody
 * needed, what was given back, whether the books balance, and what tracing cost. It must not ask
 * the kernel.
 */
#include "output/text.h"
#include "output/text_internal.h"
#include "output/format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINES  40
#define MIN_SITES  4
#define MAX_ADVICE 3

static const char *path__last(const char *s)
{
	const char *slash = s ? strrchr(s, '/') : NULL;

	return slash && slash[1] ? slash + 1 : s;
}

/* --- the target, and the figures that matter most --- */

static void text__target(struct flow *w, const struct record *r, struct format_text *t)
{
	const struct record_target *first = r->nr_target ? &r->target[0] : NULL;

	if (!first) {
		format__add(t, "no process");
		flow__add(w, TONE_PLAIN, "", t);
		return;
	}
	format__add(t, "pid %u ", first->pid);
	format__add_name(t, string__or(path__last(first->exe), string__or(first->comm, "?")));
	flow__add(w, TONE_PLAIN, "", t);
	if (first->guest) {
		format__add(t, "guest ");
		format__add_name(t, first->guest);
		flow__add(w, TONE_PLAIN, "", t);
	}
	if (r->nr_target > 1) {
		format__add(t, "and %zu more process%s", r->nr_target - 1,
			    r->nr_target > 2 ? "es" : "");
		flow__add(w, TONE_PLAIN, "", t);
	}
}

static double phase__ns(const struct record_phase *first, const struct record_phase *last)
{
	return (double)last->end_ns - (double)first->begin_ns;
}

/* Adds the precopy rounds as one phrase: how many there were, and how long each took. Returns how
 * many phases these are. */
static size_t text__rounds(struct format_text *t, const struct record_phase *v, size_t n)
{
	char time[FORMAT_NUMBER];
	size_t k;

	for (k = 1; k < n && v[k].name && !strcmp(v[k].name, v[0].name); k++)
		;
	format__add(t, "precopy %s", format__time(time, phase__ns(&v[0], &v[k - 1])));
	if (!v[0].round)
		return k;
	format__add(t, " in %zu round%s (", k, k > 1 ? "s" : "");
	for (size_t i = 0; i < k && i < 8; i++)
		format__add(t, "%s%s", i ? ", " : "", format__time(time, phase__ns(&v[i], &v[i])));
	format__add(t, k > 8 ? ", …)" : ")");
	return k;
}

/* Prints "setup 12 ms   precopy 3.03 s in 2 rounds (2.49 s, 540 ms)   downtime 10 ms". */
static void text__phases(struct flow *w, const struct record *r)
{
	char time[FORMAT_NUMBER];
	struct format_text t;

	format__clear(&t);
	for (size_t i = 0; i < r->nr_phases;) {
		const struct record_phase *p = &r->phases[i];

		if (p->name && !strcmp(p->name, "precopy")) {
			i += text__rounds(&t, p, r->nr_phases - i);
		} else {
			format__add(&t, "%s %s", string__or(p->name, "other"),
				    format__time(time, phase__ns(p, p)));
			i++;
		}
		flow__add(w, TONE_PLAIN, "", &t);
	}
	flow__end(w);
}

void text__head(struct flow *w, const struct record *r)
{
	char n[FORMAT_NUMBER];
	struct format_text t;

	format__clear(&t);
	text__target(w, r, &t);
	format__add(&t, "%s mode, %s stacks", string__or(r->mode, "unknown"),
		    !strcmp(string__or(r->stack, "unknown"), "none")
			    ? "no"
			    : string__or(r->stack, "unknown"));
	flow__add(w, TONE_PLAIN, "", &t);
	if (r->end_ns > r->start_ns)
		format__add(&t, "window %s", format__time(n, (double)(r->end_ns - r->start_ns)));
	else
		format__add(&t, "window of unknown length");
	if (r->opened_by_text || r->closed_by_text) {
		format__add(&t, ", ");
		format__add_name(&t, string__or(r->opened_by_text, "?"));
		format__add(&t, " → ");
		format__add_name(&t, string__or(r->closed_by_text, "?"));
	}
	if (r->late_pages > 0) {
		format__add(&t, ", %s late", format__time(n, (double)r->late_ns));
		format__add(&t, ": %s pages came before", format__count(n, r->late_pages));
	}
	flow__add(w, TONE_PLAIN, "", &t);
	flow__end(w);
	text__phases(w, r);
	flow__blank(w);
}

/* Adds "262,175 pages (1.00 GiB)". */
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
	flow__add(w, TONE_PLAIN, "", &t);

	if (zero == RECORD_UNKNOWN)
		format__add(&t, " not known in this mode");
	else
		format__add(&t, " %s", format__count(n, zero));
	if (zero != RECORD_UNKNOWN && pages > 0)
		format__add(&t, " (%s)", format__percent(n, zero, pages));
	flow__add(w, zero > 0 ? TONE_WARN : TONE_PLAIN, "zero pages nobody needed", &t);

	if (r->totals.zero_written_pages > 0) {
		format__add(&t, " %s at least", format__count(n, r->totals.zero_written_pages));
		flow__add(w, TONE_WARN, "zero pages that were written", &t);
	}

	format__add(&t, "given back %s", format__count(n, r->totals.released_pages));
	flow__add(w, TONE_PLAIN, "", &t);
	flow__end(w);
}

/* Prints how much a single target grew, and the pages that it only mapped. */
static void text__resident(struct flow *w, const struct record *r)
{
	const struct record_target *t = r->target;
	double page = r->host_page_size;
	char a[FORMAT_NUMBER], b[FORMAT_NUMBER];
	struct format_text text;

	format__clear(&text);
	if (r->nr_target == 1 && t->rss_pages_before != RECORD_UNKNOWN &&
	    t->rss_pages_after != RECORD_UNKNOWN) {
		format__add(&text, "resident %s → %s",
			    format__size(a, (double)t->rss_pages_before * page),
			    format__size(b, (double)t->rss_pages_after * page));
		flow__add(w, TONE_PLAIN, "", &text);
	}
	if (r->totals.mapped_pages > 0) {
		format__add(&text, "%s only mapped", format__count(a, r->totals.mapped_pages));
		flow__add(w, TONE_PLAIN, "", &text);
	}
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
		flow__add(w, TONE_PLAIN, "", &t);
	}
	if (r->totals.faults != RECORD_UNKNOWN) {
		format__add(&t, "%s faults", format__count(a, r->totals.faults));
		if (r->totals.faults_kernel > 0)
			format__add(&t, " (%s in the kernel)",
				    format__count(b, r->totals.faults_kernel));
		flow__add(w, TONE_PLAIN, "", &t);
	}
	text__resident(w, r);
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

/* Prints the sums by category, unless the call sites below show everything anyway. */
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
	/* a sum for "other" alone says nothing */
	for (k = 0; k < n && v[k].pages > 0 && (n > 1 || strcmp(v[k].name, "other") != 0); k++) {
		format__add(&t, k ? ", " : "for ");
		format__add_name(&t, v[k].name);
		format__add(&t, " %s", format__count(c, v[k].pages));
	}
	if (t.n)
		flow__line(w, &t);
}

/* --- advice: pages that were given back, or should have been --- */

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

/* --- the screen --- */

int output_text__write(const struct record *r, FILE *f, const struct text_options *opt)
{
	struct flow w = {.f = f, .opt = opt, .width = options__width(opt)}, tail = w;
	size_t len = 0, max;
	char *text = NULL;
	int err = 0, left;

	/* print first what comes after the call sites: the lines left over are for call sites */
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
