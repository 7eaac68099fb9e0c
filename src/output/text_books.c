/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the end of the screen: whether the books balance, what was lost, and what tracing cost. If
 * the books do not balance, each row that does not is shown.
 */
#include "output/text_internal.h"
#include "output/format.h"
#include "losses.h"

#include <math.h>
#include <string.h>

#define MAX_ROWS 5 /* most rows of the books that are shown, if they do not balance */

/* --- the books --- */

static bool accounting__is(const struct record_accounting *a, const char *kind)
{
	return a->kind && strcmp(a->kind, kind) == 0;
}

/* The sums over those rows whose figures are known. */
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
			if (record_accounting__books(a) == RECORD_BOOKS_DO_NOT)
				s.bad++;
			continue;
		}
		switch (record_accounting__books(a)) {
		case RECORD_BOOKS_UNKNOWN:
			s.unknown++;
			continue; /* adding half a row would make the sums differ */
		case RECORD_BOOKS_DO_NOT:
			s.bad++;
			break;
		case RECORD_BOOKS_BALANCE:
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

		if (record_accounting__books(a) != RECORD_BOOKS_DO_NOT)
			continue;
		format__add(&t, "  kernel %s", format__count(n, a->kernel_pages));
		format__add(&t, ", traced %s", format__count(n, a->traced_pages));
		format__add(&t, ", residual %s", format__count(n, a->residual_pages));
		if (a->uncertainty_pages > 0)
			format__add(&t, " (of which %s may have moved at the edges of the window)",
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

/* If memory moved just when the window opened or closed, the kernel's figure is known only within a
 * range. */
static void text__range(struct flow *w, int64_t traced, int64_t kernel, int64_t uncertainty)
{
	char a[FORMAT_NUMBER], b[FORMAT_NUMBER];
	struct format_text t;

	if (traced == kernel || uncertainty <= 0)
		return;
	format__clear(&t);
	format__add(&t, "stopped while memory moved: between %s and %s pages",
		    format__count(a, kernel - uncertainty), format__count(b, kernel + uncertainty));
	flow__add(w, TONE_PLAIN, "", &t);
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
		flow__add(w, TONE_PLAIN, "", &t);
	}
	if (s->page_tables != RECORD_UNKNOWN) {
		format__add(&t, "page tables %s%s", s->page_tables > 0 ? "+" : "",
			    format__count(a, s->page_tables));
		flow__add(w, TONE_PLAIN, "", &t);
	}
	if (s->unknown) {
		format__add(&t, "%zu row%s cannot be checked", s->unknown,
			    s->unknown == 1 ? "" : "s");
		flow__add(w, TONE_PLAIN, "", &t);
	}
}

void text__books(struct flow *w, const struct record *r)
{
	struct books_sums s = books__sum(r);
	bool anon_is_all = s.kernel == RECORD_UNKNOWN;
	int64_t kernel = anon_is_all ? s.anon_kernel : s.kernel;
	int64_t traced = anon_is_all ? s.anon_traced : s.traced;
	int64_t uncertainty = anon_is_all ? s.anon_uncertainty : s.uncertainty;
	char a[FORMAT_NUMBER], b[FORMAT_NUMBER];
	struct format_text t;

	format__clear(&t);
	if (s.bad) {
		format__add(&t, " (%zu of %zu rows)", s.bad, s.bad + s.good);
		flow__add(w, TONE_BAD, "books do not balance", &t);
		flow__end(w);
		text__unbalanced(w, r, s.bad);
	} else if (s.good) {
		format__add(&t, ": kernel %s, traced %s", format__count(a, kernel),
			    format__count(b, traced));
		if (anon_is_all)
			format__add(&t, " of anonymous memory");
		if (traced == kernel)
			add__uncertainty(&t, uncertainty);
		flow__add(w, TONE_GOOD, "books balance", &t);
		text__range(w, traced, kernel, uncertainty);
	} else {
		format__add(&t, "books cannot be checked");
		flow__add(w, TONE_WARN, "", &t);
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

static void text__lost_chains(struct flow *w, const struct record *r, const struct losses *l)
{
	enum tone tone = losses__are_large(l) ? TONE_BAD : TONE_WARN;
	char a[FORMAT_NUMBER], b[FORMAT_NUMBER], c[FORMAT_NUMBER];
	struct format_text t;

	format__clear(&t);
	if (l->chainless_pages == RECORD_UNKNOWN) {
		format__add(&t, "whether call chains are whole is not known with frame pointers");
		flow__add(w, TONE_WARN, "", &t);
		return;
	}
	if (l->chainless_pages > 0)
		format__add(&t, " for %s of %s pages (%s)", format__count(a, l->chainless_pages),
			    format__count(b, l->populated_pages),
			    format__percent(c, l->chainless_pages, l->populated_pages));
	else if (l->chainless_events > 0)
		format__add(&t, " for %s events without a page",
			    format__count(a, l->chainless_events));
	add__kinds(&t, r->lost.unwind_errors, r->lost.nr_unwind_errors);
	flow__add(w, tone, "no whole call chain", &t);
	if (r->lost.truncated_stacks > 0) {
		format__add(&t, "%s cut short", format__count(a, r->lost.truncated_stacks));
		flow__add(w, tone, "", &t);
	}
	if (r->lost.stacks > 0) {
		format__add(&t, "%s not kept", format__count(a, r->lost.stacks));
		flow__add(w, tone, "", &t);
	}
}

static void text__lost_room(struct flow *w, const struct record *r)
{
	char n[FORMAT_NUMBER], share[FORMAT_NUMBER];
	struct format_text t;

	format__clear(&t);
	for (size_t i = 0; i < r->lost.nr_room; i++) {
		const struct record_room *room = &r->lost.room[i];

		format__add(&t, " in the table of %s",
			    string__or(names__word(NAMES_TABLE, (int)room->table), "?"));
		if (room->module) {
			const char *slash = strrchr(room->module, '/');

			format__add(&t, " for ");
			format__add_name(&t, slash ? slash + 1 : room->module);
		}
		if (room->pages > 0)
			format__add(&t, ": %s pages (%s)", format__count(n, room->pages),
				    format__percent(share, room->pages, r->totals.populated_pages));
		flow__add(w, TONE_BAD, "no room", &t);
	}
}

void text__lost(struct flow *w, const struct record *r)
{
	struct losses l = record__losses(r);
	char n[FORMAT_NUMBER];
	struct format_text t;

	format__clear(&t);
	switch (l.verdict) {
	case LOSS_UNKNOWN:
		format__add(&t, "losses not known");
		flow__add(w, TONE_WARN, "", &t);
		break;
	case LOSS_NOTHING:
		flow__add(w, TONE_GOOD, "lost nothing", &t);
		break;
	case LOSS_CHAINS:
		flow__add(w, TONE_GOOD, "lost no event", &t);
		break;
	case LOSS_EVENTS:
		format__add(&t, " %s events", format__count(n, l.events));
		add__kinds(&t, r->lost.kinds, r->lost.nr_kinds);
		flow__add(w, TONE_BAD, "lost", &t);
		break;
	}
	if (l.chains)
		text__lost_chains(w, r, &l);
	text__lost_room(w, r);
}

void text__cost(struct flow *w, const struct record *r)
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
	flow__add(w, TONE_PLAIN, "", &t);
	flow__end(w);
}
