/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sums up the call sites of a record by one property. All groups are shown, however many there are;
 * the text of the record is the summary that fits one screen.
 */
#include "output/groups.h"
#include "output/format.h"
#include "output/json_writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *group_by__name(enum group_by by)
{
	static const char *const names[] = {"callsite", "category", "backing", "thread", "syscall"};

	return names[by];
}

static int group__compare_names(const void *x, const void *y)
{
	const struct group *a = x, *b = y;

	return strcmp(a->name, b->name);
}

static int group__compare(const void *x, const void *y)
{
	const struct group *a = x, *b = y;
	int cmp = (a->populated_pages < b->populated_pages) -
		  (a->populated_pages > b->populated_pages);

	if (!cmp)
		cmp = (a->faults < b->faults) - (a->faults > b->faults);
	return cmp ? cmp : strcmp(a->name, b->name);
}

static void group__add(struct group *g, const struct group *other)
{
	g->faults = record_count__sum(g->faults, other->faults);
	g->populated_pages = record_count__sum(g->populated_pages, other->populated_pages);
	g->zero_populated_pages = record_count__sum(g->zero_populated_pages,
						    other->zero_populated_pages);
	g->released_pages = record_count__sum(g->released_pages, other->released_pages);
}

/* Merges groups with equal names. Sorting brings them together, which is faster than a look-up for
 * each of many call sites. */
static void groups__merge(struct groups *g)
{
	size_t n = 0;

	if (!g->n)
		return;
	qsort(g->v, g->n, sizeof(*g->v), group__compare_names);
	for (size_t i = 1; i < g->n; i++) {
		if (strcmp(g->v[n].name, g->v[i].name) == 0) {
			group__add(&g->v[n], &g->v[i]);
			free(g->v[i].name);
		} else {
			g->v[++n] = g->v[i];
		}
	}
	g->n = n + 1;
	qsort(g->v, g->n, sizeof(*g->v), group__compare);
}

static void callsite__name(struct format_text *t, const struct record_callsite *c, enum group_by by)
{
	if (by == GROUP_BY_CATEGORY) {
		format__add_name(t, c->category ? c->category : "other");
		return;
	}
	if (c->syscall)
		format__add_name(t, c->syscall);
	else if (c->context == RECORD_CONTEXT_SYSCALL)
		format__add(t, "(unknown system call)");
	else if (by == GROUP_BY_SYSCALL)
		format__add(t, c->context == RECORD_CONTEXT_KERNEL ? "(page fault in the kernel)"
								   : "(page fault)");
	if (by == GROUP_BY_CALLSITE) {
		if (t->n)
			format__add(t, " ← ");
		format__add_chain(t, &c->frames);
		format__add(t, " [%s", record_access__name(c->access));
		format__add(t, ", ");
		format__add_name(t, c->category ? c->category : "other");
		format__add(t, "]");
	}
}

static void backing__name(struct format_text *t, const struct record_backing *b)
{
	if (b->ram_block)
		format__add_name(t, b->ram_block);
	else
		format__add_name(t, b->name ? b->name : "(no name)");
	format__add(t, " (");
	format__add_memory(t, b);
	format__add(t, ")");
}

static void thread__name(struct format_text *t, const struct record_thread *thread)
{
	if (!thread->tid) {
		format__add(t, "(threads not told apart)");
		return;
	}
	format__add_name(t, thread->comm ? thread->comm : "(no name)");
	format__add(t, " %u", thread->tid);
}

int groups__make(struct groups *g, const struct record *r, enum group_by by)
{
	size_t n = by == GROUP_BY_BACKING  ? r->nr_backing
		   : by == GROUP_BY_THREAD ? r->nr_threads
					   : r->nr_callsites;
	struct format_text t;

	memset(g, 0, sizeof(*g));
	g->v = calloc(n ? n : 1, sizeof(*g->v));
	if (!g->v)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct group *v = &g->v[i];

		format__clear(&t);
		if (by == GROUP_BY_BACKING) {
			const struct record_backing *b = &r->backing[i];

			backing__name(&t, b);
			*v = (struct group){NULL, RECORD_UNKNOWN, b->populated_pages,
					    b->zero_populated_pages, b->released_pages};
		} else if (by == GROUP_BY_THREAD) {
			const struct record_thread *h = &r->threads[i];

			thread__name(&t, h);
			*v = (struct group){NULL, h->faults, h->populated_pages,
					    h->zero_populated_pages, h->released_pages};
		} else {
			const struct record_callsite *c = &r->callsites[i];

			callsite__name(&t, c, by);
			*v = (struct group){NULL, c->faults, c->populated_pages,
					    c->zero_populated_pages, c->released_pages};
		}
		v->name = strdup(t.s);
		if (!v->name)
			return -ENOMEM;
		g->n++;
	}
	groups__merge(g);
	return 0;
}

void groups__clear(struct groups *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->v[i].name);
	free(g->v);
	memset(g, 0, sizeof(*g));
}

static void put__row(FILE *f, const struct group *g, int64_t all)
{
	char n[FORMAT_NUMBER];

	fprintf(f, "%11s", format__count(n, g->populated_pages));
	fprintf(f, "  %9s", format__percent(n, g->populated_pages, all));
	fprintf(f, "  %11s", format__count(n, g->zero_populated_pages));
	fprintf(f, "  %10s", format__count(n, g->released_pages));
	fprintf(f, "  %11s", format__count(n, g->faults));
	fprintf(f, "  %s\n", g->name);
}

int output_groups__text(const struct groups *g, enum group_by by, FILE *f)
{
	struct group all = {NULL, RECORD_UNKNOWN, RECORD_UNKNOWN, RECORD_UNKNOWN, RECORD_UNKNOWN};
	char total[] = "all";

	errno = EIO;
	fprintf(f, "%11s  %9s  %11s  %10s  %11s  %s\n", "pages", "", "zero", "given back", "faults",
		group_by__name(by));
	for (size_t i = 0; i < g->n; i++)
		group__add(&all, &g->v[i]);
	for (size_t i = 0; i < g->n; i++)
		put__row(f, &g->v[i], all.populated_pages);
	all.name = total;
	put__row(f, &all, all.populated_pages);
	return ferror(f) ? -errno : 0;
}

int output_groups__json(const struct groups *g, enum group_by by, FILE *f)
{
	struct writer w = {.failed = false};
	json_object *root = writer__check(&w, json_object_new_object()), *array;

	writer__put(&w, root, "schema", writer__string(&w, "migpop.groups/1"));
	writer__put(&w, root, "by", writer__string(&w, group_by__name(by)));
	array = writer__array(&w, root, "groups");
	for (size_t i = 0; array && i < g->n; i++) {
		json_object *o = writer__element(&w, array);
		const struct group *v = &g->v[i];

		writer__put(&w, o, "name", writer__string(&w, v->name));
		writer__put(&w, o, "faults", writer__count(&w, v->faults));
		writer__put(&w, o, "populated_pages", writer__count(&w, v->populated_pages));
		writer__put(&w, o, "zero_populated_pages",
			    writer__count(&w, v->zero_populated_pages));
		writer__put(&w, o, "released_pages", writer__count(&w, v->released_pages));
	}
	return writer__finish(&w, root, f);
}
