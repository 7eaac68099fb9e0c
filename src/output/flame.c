/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds a tree of call sites. The call sites are sorted by their chains, outermost frame first. So
 * each shares its first nodes with the one before it, and no look-up is needed to build the tree.
 * It must not know how the tree is drawn.
 */
#include "output/flame.h"
#include "array.h"
#include "output/stack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One level of the path from the root to where memory was requested. */
struct step {
	enum flame_kind kind;
	const struct record_frame *frame;
	const struct record_callsite *site;
};

struct site {
	const struct record_callsite *c;
	bool process, end, origin; /* whether its path has such a step */
};

struct build_node {
	struct flame_node node;
	size_t first_child, last_child, next; /* indexes; 0: there is none */
};

struct build {
	struct build_node *v;
	size_t n;
};

const char *flame_kind__name(enum flame_kind kind)
{
	static const char *const names[] = {"all", "process", "end", "frame", "origin"};

	return names[kind];
}

void flame_node__name(const struct flame *flame, const struct flame_node *node,
		      struct format_text *t)
{
	switch (node->kind) {
	case FLAME_ALL:
		format__add(t, "all");
		break;
	case FLAME_PROCESS:
		format__add(t, "%u ", node->site->pid);
		stack__add_process(t, flame->record, node->site->pid);
		break;
	case FLAME_END:
		stack__add_chain_end(t, node->site);
		break;
	case FLAME_FRAME:
		format__add_frame(t, node->frame);
		break;
	case FLAME_ORIGIN:
		stack__add_origin(t, node->site);
		break;
	}
	format__fit(t, FLAME_NAME);
}

/* --- the path of a call site --- */

/* Stores in *step the i-th step below the root. Returns false after the last. */
static bool site__step(const struct site *s, size_t i, struct step *step)
{
	*step = (struct step){.kind = FLAME_PROCESS, .site = s->c};
	if (s->process && i-- == 0)
		return true;
	step->kind = FLAME_END;
	if (s->end && i-- == 0)
		return true;
	if (i < s->c->frames.n) {
		step->kind = FLAME_FRAME;
		step->frame = &s->c->frames.v[s->c->frames.n - 1 - i];
		return true;
	}
	step->kind = FLAME_ORIGIN;
	return s->origin && i == s->c->frames.n;
}

static int string__compare(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int frame__compare(const struct record_frame *a, const struct record_frame *b)
{
	const char *x = a->function && a->function[0] ? a->function : a->symbol;
	const char *y = b->function && b->function[0] ? b->function : b->symbol;
	int cmp = string__compare(x, y);

	if (!cmp)
		cmp = string__compare(a->module, b->module);
	if (!cmp)
		cmp = a->inlined - b->inlined;
	if (!cmp && (!x || !x[0])) /* frames without a name are told apart by their offset */
		cmp = (a->offset > b->offset) - (a->offset < b->offset);
	return cmp;
}

static int origin__compare(const struct record_callsite *a, const struct record_callsite *b)
{
	struct format_text x, y;

	format__clear(&x);
	format__clear(&y);
	stack__add_origin(&x, a);
	stack__add_origin(&y, b);
	return strcmp(x.s, y.s);
}

static int step__compare(const struct step *a, const struct step *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	switch (a->kind) {
	case FLAME_ALL:
		return 0;
	case FLAME_PROCESS:
		return (a->site->pid > b->site->pid) - (a->site->pid < b->site->pid);
	case FLAME_END:
		return string__compare(a->site->chain_end, b->site->chain_end);
	case FLAME_FRAME:
		return frame__compare(a->frame, b->frame);
	case FLAME_ORIGIN:
		return origin__compare(a->site, b->site);
	}
	return 0;
}

/* Returns how many steps two sites share from the root, and stores in *cmp which of them comes
 * first. */
static size_t site__shared(const struct site *a, const struct site *b, int *cmp)
{
	struct step x, y;
	bool more_a, more_b;

	for (size_t i = 0;; i++) {
		more_a = site__step(a, i, &x);
		more_b = site__step(b, i, &y);
		*cmp = more_a && more_b ? step__compare(&x, &y) : more_a - more_b;
		if (*cmp || !more_a)
			return i;
	}
}

static int site__compare(const void *a, const void *b)
{
	int cmp;

	site__shared(a, b, &cmp);
	return cmp;
}

static bool callsite__weighs(const struct record_callsite *c)
{
	return c->populated_pages > 0 || c->zero_populated_pages > 0;
}

static struct site site__of(const struct record *r, const struct record_callsite *c)
{
	struct site s = {.c = c, .process = r->nr_target > 1};
	struct format_text t;

	format__clear(&t);
	s.end = stack__add_chain_end(&t, c);
	s.origin = stack__add_origin(&t, c);
	return s;
}

/* --- the tree in the order of the sites --- */

static struct build_node *build__add(struct build *b, size_t parent, const struct step *s)
{
	struct build_node *v = array__grow(b->v, b->n, sizeof(*v)), *node;

	if (!v)
		return NULL;
	b->v = v;
	node = &v[b->n];
	*node = (struct build_node){.node = {.kind = s->kind,
					     .frame = s->frame,
					     .site = s->site,
					     .parent = parent,
					     .depth = b->n ? v[parent].node.depth + 1 : 0}};
	if (b->n && v[parent].first_child)
		v[v[parent].last_child].next = b->n;
	else if (b->n)
		v[parent].first_child = b->n;
	if (b->n)
		v[parent].last_child = b->n;
	b->n++;
	return node;
}

/* Adds the counts of a call site to node "i" and all nodes above it. "largest" has, for each level,
 * the pages of the call site that gave the node its category. */
static void build__weigh(struct build *b, size_t i, const struct record_callsite *c,
			 int64_t *largest)
{
	int64_t populated = c->populated_pages > 0 ? c->populated_pages : 0;
	int64_t zero = c->zero_populated_pages > 0 ? c->zero_populated_pages : 0;

	for (;; i = b->v[i].node.parent) {
		struct flame_node *node = &b->v[i].node;

		node->populated_pages = record_count__sum(node->populated_pages, populated);
		node->zero_populated_pages = record_count__sum(node->zero_populated_pages, zero);
		if (!node->category || populated > largest[node->depth]) {
			node->category = c->category;
			largest[node->depth] = populated;
		}
		if (!i)
			return;
	}
}

/* Adds the path of a site to the tree. "*last" is the node at which the path of the previous site
 * ended, 0 for the first; "largest" has one entry for each level of the path. */
static int build__site(struct build *b, const struct site *s, const struct site *before,
		       size_t *last, int64_t *largest)
{
	size_t shared = 0;
	struct step step;
	int cmp;

	if (before)
		shared = site__shared(before, s, &cmp);
	while (b->v[*last].node.depth > shared)
		*last = b->v[*last].node.parent;
	for (size_t i = shared; site__step(s, i, &step); i++) {
		if (!build__add(b, *last, &step))
			return -ENOMEM;
		*last = b->n - 1;
	}
	build__weigh(b, *last, s->c, largest);
	return 0;
}

static int build__sites(struct build *b, struct site *sites, size_t n)
{
	static const struct step root = {.kind = FLAME_ALL};
	size_t deepest = 0, last = 0;
	int64_t *largest;
	int err = 0;

	for (size_t i = 0; i < n; i++)
		if (sites[i].c->frames.n > deepest)
			deepest = sites[i].c->frames.n;
	/* room for root, process, end and origin */
	largest = calloc(deepest + 4, sizeof(*largest));
	if (!largest || !build__add(b, 0, &root))
		err = -ENOMEM;
	for (size_t i = 0; !err && i < n; i++)
		err = build__site(b, &sites[i], i ? &sites[i - 1] : NULL, &last, largest);
	free(largest);
	return err;
}

/* --- the tree with the children of each node side by side, largest first --- */

static int build__compare(const void *x, const void *y, void *arg)
{
	const size_t *i = x, *j = y;
	const struct flame_node *a = &((const struct build_node *)arg)[*i].node;
	const struct flame_node *b = &((const struct build_node *)arg)[*j].node;

	if (a->populated_pages != b->populated_pages)
		return a->populated_pages < b->populated_pages ? 1 : -1;
	return (*i > *j) - (*i < *j);
}

static int build__finish(const struct build *b, struct flame *flame)
{
	size_t *order = calloc(b->n, sizeof(*order)), n = 1;

	flame->v = calloc(b->n, sizeof(*flame->v));
	flame->n = b->n;
	if (!order || !flame->v) {
		free(order);
		return -ENOMEM;
	}
	flame->v[0] = b->v[0].node;
	for (size_t i = 0; i < b->n; i++) {
		struct flame_node *node = &flame->v[i];

		node->first = n;
		for (size_t k = b->v[order[i]].first_child; k; k = b->v[k].next)
			order[n++] = k;
		node->n = n - node->first;
		qsort_r(order + node->first, node->n, sizeof(*order), build__compare, b->v);
		for (size_t k = node->first; k < n; k++) {
			flame->v[k] = b->v[order[k]].node;
			flame->v[k].parent = i;
		}
		if (node->depth >= flame->depth)
			flame->depth = node->depth + 1;
	}
	free(order);
	return 0;
}

int flame__make(struct flame *flame, const struct record *r)
{
	struct build b = {0};
	struct site *sites = calloc(r->nr_callsites + 1, sizeof(*sites));
	size_t n = 0;
	int err = -ENOMEM;

	*flame = (struct flame){.record = r};
	if (!sites)
		return -ENOMEM;
	for (size_t i = 0; i < r->nr_callsites; i++) {
		if (callsite__weighs(&r->callsites[i]))
			sites[n++] = site__of(r, &r->callsites[i]);
	}
	qsort(sites, n, sizeof(*sites), site__compare);
	err = build__sites(&b, sites, n);
	if (!err)
		err = build__finish(&b, flame);
	free(b.v);
	free(sites);
	return err;
}

void flame__clear(struct flame *flame)
{
	free(flame->v);
	*flame = (struct flame){0};
}
