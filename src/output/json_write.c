/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a record as JSON. The tables of members say what a member is called, where it is, and how
 * objects nest; here is how each type of value is written.
 */
#include "output/json.h"
#include "output/json_members.h"
#include "output/json_write_internal.h"

static json_object *writer__single(struct writer *w, const struct member *m, const void *p)
{
	switch (m->type) {
	case TYPE_SCHEMA:
		return writer__string(w, RECORD_SCHEMA);
	case TYPE_STRING:
	case TYPE_TIME:
		return writer__string(w, *(char *const *)p);
	case TYPE_WORD:
		return writer__string(w, *(const char *const *)p);
	case TYPE_ENUM:
		return writer__string(w, names__word(m->set, *(const int *)p));
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
	default:
		return NULL;
	}
}

static bool member__is_empty(const struct member *m, const void *p)
{
	switch (m->type) {
	case TYPE_STRING:
	case TYPE_TIME:
		return !*(char *const *)p;
	case TYPE_COUNT:
		return *(const int64_t *)p == RECORD_UNKNOWN;
	case TYPE_U32:
		return !*(const uint32_t *)p;
	case TYPE_BOOL:
		return !*(const bool *)p;
	default:
		return false;
	}
}

static void writer__strings(struct writer *w, json_object *array, char *const *v, size_t n)
{
	for (size_t i = 0; array && i < n; i++)
		writer__append(w, array, writer__string(w, v[i]));
}

static void writer__counts(struct writer *w, json_object *object, const struct record_count *v,
			   size_t n)
{
	for (size_t i = 0; object && i < n; i++) {
		/* a key must be UTF-8, as any other string */
		json_object *key = writer__string(w, v[i].name ? v[i].name : "other");

		if (key)
			writer__put(w, object, json_object_get_string(key),
				    writer__count(w, v[i].n));
		json_object_put(key);
	}
}

static void record_writer__members(struct record_writer *rw, json_object *object,
				   const struct member *m, const void *base);

static void record_writer__array(struct record_writer *rw, json_object *array,
				 const struct member *m, const char *v, size_t n)
{
	for (size_t i = 0; array && i < n; i++) {
		const char *element = v + i * m->size;

		if (rw->frame && m->members == frame_members)
			writer__append(&rw->w, array,
				       rw->frame(rw, (const struct record_frame *)element));
		else
			record_writer__members(rw, writer__element(&rw->w, array), m->members,
					       element);
	}
}

static void record_writer__member(struct record_writer *rw, json_object *object,
				  const struct member *m, const char *base)
{
	const char *p = base + m->offset;
	const size_t *n = (const size_t *)(base + m->length);
	struct writer *w = &rw->w;

	switch (m->type) {
	case TYPE_OBJECT:
		record_writer__members(rw, writer__object(w, object, m->name), m->members, base);
		break;
	case TYPE_ARRAY:
		record_writer__array(rw, writer__array(w, object, m->name), m,
				     *(const char *const *)p, *n);
		break;
	case TYPE_FIRST:
		if (*n)
			record_writer__members(rw, writer__object(w, object, m->name), m->members,
					       *(const char *const *)p);
		else
			writer__put(w, object, m->name, NULL);
		break;
	case TYPE_STRINGS:
		writer__strings(w, writer__array(w, object, m->name), *(char *const *const *)p, *n);
		break;
	case TYPE_COUNTS:
		writer__counts(w, writer__object(w, object, m->name),
			       *(const struct record_count *const *)p, *n);
		break;
	default:
		if (!m->optional || !member__is_empty(m, p))
			writer__put(w, object, m->name, writer__single(w, m, p));
	}
}

static void record_writer__members(struct record_writer *rw, json_object *object,
				   const struct member *m, const void *base)
{
	for (; object && m->name; m++)
		record_writer__member(rw, object, m, base);
}

void record_writer__frame(struct record_writer *rw, json_object *object,
			  const struct record_frame *f)
{
	record_writer__members(rw, object, frame_members, f);
}

void record_writer__put(struct record_writer *rw, json_object *root, const struct record *r)
{
	record_writer__members(rw, root, record_members, r);
}

int output_json__write(const struct record *r, FILE *f)
{
	struct record_writer rw = {.frame = NULL};
	json_object *root = writer__check(&rw.w, json_object_new_object());

	if (root)
		record_writer__put(&rw, root, r);
	return writer__finish(&rw.w, root, f);
}
