// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds the first rule that a call site matches. It knows records, but not where rules come from.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "symbol/rules.h"
#include "symbol/rules_internal.h"
#include "vmm/vmm.h"

struct rules *rules__new(void)
{
	return calloc(1, sizeof(struct rules));
}

void rules__free(struct rules *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		rule__clear(&r->v[i]);
	free(r->v);
	free(r);
}

static bool alternatives__match(const struct alternatives *a, const char *s)
{
	if (!s)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].is_glob ? !fnmatch(a->v[i].text, s, 0) : !strcmp(a->v[i].text, s))
			return true;
	return false;
}

static bool frame__is_called(const struct record_frame *f, const struct alternatives *a)
{
	return alternatives__match(a, f->symbol) ||
	       (f->function != f->symbol && alternatives__match(a, f->function));
}

static bool frame__is_of(const struct record_frame *f, const struct alternatives *a)
{
	const char *slash = f->module ? strrchr(f->module, '/') : NULL;

	return alternatives__match(a, slash ? slash + 1 : f->module);
}

/* True if the frames match all steps, in order: a function of each step is called, directly or not,
 * by one of the next step. */
static bool frames__have(const struct record_frames *f, const struct condition *c)
{
	size_t step = 0;

	for (size_t i = 0; i < f->n && step < c->nr_steps; i++)
		step += frame__is_called(&f->v[i], &c->steps[step]);
	return step == c->nr_steps;
}

static bool frames__touch_module(const struct record_frames *f, const struct alternatives *a)
{
	for (size_t i = 0; i < f->n; i++)
		if (frame__is_of(&f->v[i], a))
			return true;
	return false;
}

/* Counts without inlined frames: without debug information, an inlined function has no frame of its
 * own. */
static bool frames__are_deep(const struct record_frames *f, const struct condition *c)
{
	size_t depth = 0;

	for (size_t i = 0; i < f->n; i++)
		depth += !f->v[i].inlined;
	return depth >= c->min && depth <= c->max;
}

static bool callsite__has_kind(const struct record_callsite *s, const struct alternatives *a)
{
	for (size_t i = 0; i < s->nr_backing; i++)
		if (alternatives__match(a, s->backing[i].kind))
			return true;
	return false;
}

static bool condition__holds(const struct condition *c, const struct record_callsite *s)
{
	const struct record_frames *f = &s->frames;

	switch (c->field) {
	case RULE_ACCESS:
		return alternatives__match(c->steps, record_access__name(s->access));
	case RULE_CONTEXT:
		return alternatives__match(c->steps, record_context__name(s->context));
	case RULE_SYSCALL:
		return alternatives__match(c->steps, s->syscall);
	case RULE_END:
		return alternatives__match(c->steps, s->chain_end);
	case RULE_KIND:
		return callsite__has_kind(s, c->steps);
	case RULE_DEPTH:
		return frames__are_deep(f, c);
	case RULE_LEAF:
		return f->n && frame__is_called(&f->v[0], c->steps);
	case RULE_LEAF_MODULE:
		return f->n && frame__is_of(&f->v[0], c->steps);
	case RULE_MODULE:
		return frames__touch_module(f, c->steps);
	case RULE_IN:
		return frames__have(f, c);
	}
	return false;
}

static bool rule__matches(const struct rule *rule, const struct record_callsite *s)
{
	for (size_t i = 0; i < rule->nr_conditions; i++)
		if (condition__holds(&rule->conditions[i], s) == rule->conditions[i].negated)
			return false;
	return true;
}

static const char *rules__category(const struct rules *r, const struct vmm *vmm,
				   const struct record_callsite *s)
{
	for (size_t i = 0; i < r->n; i++)
		if ((!r->v[i].vmm || r->v[i].vmm == vmm) && rule__matches(&r->v[i], s))
			return r->v[i].category;
	return "other";
}

int rules__classify(const struct rules *rules, struct record *record)
{
	const struct vmm *vmm = vmm__or_first(record->nr_target ? vmm__of(&record->target[0])
								: NULL);

	for (size_t i = 0; i < record->nr_callsites; i++) {
		struct record_callsite *s = &record->callsites[i];
		char *category = strdup(rules__category(rules, vmm, s));

		if (!category)
			return -ENOMEM;
		free(s->category);
		s->category = category;
	}
	return 0;
}
