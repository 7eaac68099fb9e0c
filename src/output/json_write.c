/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record to JSON. What a member is called and where it lies is in the tables; here is how each
 * kind of value looks and how the objects nest.
 */
#include "output/json.h"
#include "output/json_members.h"
#include "output/json_write_internal.h"

static json_object *writer__value(struct writer *w, const struct member *m, const void *p)
{
	switch (m->type) {
	case TYPE_STRING:
		return writer__string(w, *(char *const *)p);
	case TYPE_STATIC:
		return writer__string(w, *(const char *const *)p);
	case TYPE_COUNT:
	case TYPE_SIGNED:
		return writer__count(w, *(const int64_t *)p);
	case TYPE_U32:
		return writer__check(w, json_object_new_int64(*(const uint32_t *)p));
	case TYPE_U64:
		return writer__check(w, json_object_new_uint64(*(const uint64_t *)p));
	case TYPE_DOUBLE:
		return writer__double(w, *(const double *)p);
	case TYPE_BOOL:
		return writer__check(w, json_object_new_boolean(*(const bool *)p));
	case TYPE_ACCESS:
		return writer__string(w, record_access__name(*(const enum record_access *)p));
	case TYPE_CONTEXT:
		return writer__string(w, record_context__name(*(const enum record_context *)p));
	}
	return NULL;
}

static bool member__is_empty(const struct member *m, const void *p)
{
	switch (m->type) {
	case TYPE_STRING:
		return !*(char *const *)p;
	case TYPE_U32:
		return !*(const uint32_t *)p;
	case TYPE_BOOL:
		return !*(const bool *)p;
	default:
		return false;
	}
}

static void writer__members(struct writer *w, json_object *object, const struct member *m,
			    const void *base)
{
	for (; object && m->name; m++) {
		const void *p = (const char *)base + m->offset;

		if (!m->optional || !member__is_empty(m, p))
			writer__put(w, object, m->name, writer__value(w, m, p));
	}
}

void writer__frame(struct writer *w, json_object *object, const struct record_frame *f)
{
	writer__members(w, object, frame_members, f);
}

static void record_writer__frames(struct record_writer *rw, json_object *parent,
				  const struct record_frames *f)
{
	json_object *array = writer__array(&rw->w, parent, "frames");

	for (size_t i = 0; array && i < f->n; i++) {
		if (rw->frame)
			writer__append(&rw->w, array, rw->frame(rw, &f->v[i]));
		else
			writer__frame(&rw->w, writer__element(&rw->w, array), &f->v[i]);
	}
}

static void writer__backing(struct writer *w, json_object *parent, const struct record_backing *v,
			    size_t n)
{
	json_object *array = writer__array(w, parent, "backing");

	for (size_t i = 0; array && i < n; i++)
		writer__members(w, writer__element(w, array), backing_members, &v[i]);
}

static void writer__counts(struct writer *w, json_object *parent, const char *name,
			   const struct record_count *v, size_t n)
{
	json_object *object = writer__object(w, parent, name);

	for (size_t i = 0; object && i < n; i++) {
		/* a key must be UTF-8 like any other string */
		json_object *key = writer__string(w, v[i].name ? v[i].name : "other");

		if (key)
			writer__put(w, object, json_object_get_string(key),
				    writer__count(w, v[i].n));
		json_object_put(key);
	}
}

static void writer__target(struct writer *w, json_object *object, const struct record_target *t)
{
	json_object *array;

	writer__members(w, object, target_members, t);
	array = writer__array(w, object, "cmdline");
	for (size_t i = 0; array && i < t->nr_cmdline; i++)
		writer__append(w, array, writer__string(w, t->cmdline[i]));
}

static void writer__head(struct writer *w, json_object *root, const struct record *r)
{
	json_object *array;

	writer__put(w, root, "schema", writer__string(w, RECORD_SCHEMA));
	writer__members(w, writer__object(w, root, "tool"), tool_members, r);
	writer__members(w, writer__object(w, root, "host"), host_members, r);
	writer__members(w, root, mode_members, r);
	if (r->nr_target)
		writer__target(w, writer__object(w, root, "target"), &r->target[0]);
	else
		writer__put(w, root, "target", NULL);
	array = writer__array(w, root, "targets");
	for (size_t i = 0; array && i < r->nr_target; i++)
		writer__target(w, writer__element(w, array), &r->target[i]);
	writer__members(w, writer__object(w, root, "window"), window_members, r);
	writer__members(w, writer__object(w, root, "totals"), totals_members, r);
}

void record_writer__put(struct record_writer *rw, json_object *root, const struct record *r)
{
	struct writer *w = &rw->w;
	json_object *array, *object;

	writer__head(w, root, r);

	array = writer__array(w, root, "accounting");
	for (size_t i = 0; array && i < r->nr_accounting; i++)
		writer__members(w, writer__element(w, array), accounting_members,
				&r->accounting[i]);

	object = writer__object(w, root, "lost");
	writer__members(w, object, lost_members, r);
	writer__counts(w, object, "unwind_errors", r->lost.unwind_errors, r->lost.nr_unwind_errors);
	writer__counts(w, object, "kinds", r->lost.kinds, r->lost.nr_kinds);

	array = writer__array(w, root, "callsites");
	for (size_t i = 0; array && i < r->nr_callsites; i++) {
		object = writer__element(w, array);
		writer__members(w, object, callsite_members, &r->callsites[i]);
		writer__backing(w, object, r->callsites[i].backing, r->callsites[i].nr_backing);
		record_writer__frames(rw, object, &r->callsites[i].frames);
	}
	writer__backing(w, root, r->backing, r->nr_backing);

	array = writer__array(w, root, "advice");
	for (size_t i = 0; array && i < r->nr_advice; i++) {
		object = writer__element(w, array);
		writer__members(w, object, advice_members, &r->advice[i]);
		record_writer__frames(rw, object, &r->advice[i].frames);
	}
	array = writer__array(w, root, "threads");
	for (size_t i = 0; array && i < r->nr_threads; i++)
		writer__members(w, writer__element(w, array), thread_members, &r->threads[i]);
	array = writer__array(w, root, "timeline");
	for (size_t i = 0; array && i < r->nr_timeline; i++)
		writer__members(w, writer__element(w, array), tick_members, &r->timeline[i]);
	array = writer__array(w, root, "phases");
	for (size_t i = 0; array && i < r->nr_phases; i++)
		writer__members(w, writer__element(w, array), phase_members, &r->phases[i]);

	writer__members(w, writer__object(w, root, "overhead"), overhead_members, r);
}

int output_json__write(const struct record *r, FILE *f)
{
	struct record_writer rw = {.frame = NULL};
	json_object *root = writer__check(&rw.w, json_object_new_object());

	if (root)
		record_writer__put(&rw, root, r);
	return writer__finish(&rw.w, root, f);
}
