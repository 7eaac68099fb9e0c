/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record as JSON, there and back. One table of members for each object serves both ways, so the
 * two cannot drift apart. It must not know where records come from nor what is concluded from them.
 */
#include "output/json.h"
#include "output/format.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Far above any record (5,000 call sites are 15 MB), far below what would hurt. */
#define MAX_BYTES (128U << 20)
#define MAX_KINDS 1000

enum type {
	TYPE_STRING,
	TYPE_STATIC, /* one of a known set */
	TYPE_COUNT,  /* RECORD_UNKNOWN is null; not negative */
	TYPE_SIGNED, /* RECORD_UNKNOWN is null */
	TYPE_U32,
	TYPE_U64,
	TYPE_DOUBLE, /* NAN is null */
	TYPE_BOOL,
	TYPE_ACCESS,
	TYPE_CONTEXT,
};

struct member {
	const char *name;
	enum type type;
	enum record_name set;
	size_t offset;
};

/* clang-format off */
#define MEMBER(s, t, m)      { #m, TYPE_##t, 0, offsetof(struct s, m) }
#define STATIC(s, m, set)    { #m, TYPE_STATIC, RECORD_NAME_##set, offsetof(struct s, m) }
#define NAMED(s, t, name, m) { name, TYPE_##t, 0, offsetof(struct s, m) }
#define END                  { NULL, 0, 0, 0 }
/* clang-format on */

static const struct member frame_members[] = {
	MEMBER(record_frame, STRING, module),   MEMBER(record_frame, STRING, build_id),
	MEMBER(record_frame, U64, offset),      MEMBER(record_frame, STRING, symbol),
	MEMBER(record_frame, STRING, function), END,
};

static const struct member backing_members[] = {
	MEMBER(record_backing, STRING, name),
	STATIC(record_backing, kind, KIND),
	MEMBER(record_backing, U64, inode),
	MEMBER(record_backing, STRING, ram_block),
	MEMBER(record_backing, BOOL, shared),
	MEMBER(record_backing, COUNT, length_pages),
	MEMBER(record_backing, COUNT, populated_pages),
	MEMBER(record_backing, COUNT, zero_populated_pages),
	MEMBER(record_backing, COUNT, released_pages),
	END,
};

static const struct member callsite_members[] = {
	STATIC(record_callsite, category, CATEGORY),
	MEMBER(record_callsite, ACCESS, access),
	MEMBER(record_callsite, CONTEXT, context),
	MEMBER(record_callsite, STRING, syscall),
	MEMBER(record_callsite, U32, pid),
	MEMBER(record_callsite, COUNT, faults),
	MEMBER(record_callsite, COUNT, populated_pages),
	MEMBER(record_callsite, COUNT, zero_populated_pages),
	MEMBER(record_callsite, COUNT, released_pages),
	MEMBER(record_callsite, COUNT, fault_ns),
	END,
};

static const struct member accounting_members[] = {
	STATIC(record_accounting, kind, KIND),
	MEMBER(record_accounting, STRING, name),
	MEMBER(record_accounting, U64, inode),
	MEMBER(record_accounting, U32, pid),
	MEMBER(record_accounting, SIGNED, traced_pages),
	MEMBER(record_accounting, SIGNED, kernel_pages),
	MEMBER(record_accounting, SIGNED, residual_pages),
	MEMBER(record_accounting, COUNT, uncertainty_pages),
	END,
};

static const struct member advice_members[] = {
	STATIC(record_advice, call, CALL),
	STATIC(record_advice, behavior, BEHAVIOR),
	MEMBER(record_advice, U32, pid),
	MEMBER(record_advice, COUNT, calls),
	MEMBER(record_advice, COUNT, failed),
	STATIC(record_advice, error, ERRNO),
	MEMBER(record_advice, COUNT, bytes),
	MEMBER(record_advice, COUNT, released_pages),
	END,
};

static const struct member tick_members[] = {
	MEMBER(record_tick, U64, t_ns),
	MEMBER(record_tick, COUNT, faults),
	MEMBER(record_tick, COUNT, populated_pages),
	MEMBER(record_tick, COUNT, released_pages),
	MEMBER(record_tick, COUNT, rss_pages),
	END,
};

static const struct member target_members[] = {
	MEMBER(record_target, U32, pid),      MEMBER(record_target, STRING, comm),
	MEMBER(record_target, STRING, exe),   MEMBER(record_target, STRING, build_id),
	MEMBER(record_target, STRING, guest), END,
};

static const struct member tool_members[] = {NAMED(record, STRING, "version", tool_version), END};

static const struct member host_members[] = {
	NAMED(record, STRING, "kernel", host_kernel),
	NAMED(record, STRING, "arch", host_arch),
	NAMED(record, STRING, "lockdown", host_lockdown),
	NAMED(record, U32, "page_size", host_page_size),
	END,
};

static const struct member mode_members[] = {
	STATIC(record, mode, MODE),
	STATIC(record, stack, STACK),
	END,
};

static const struct member window_members[] = {
	MEMBER(record, STRING, opened_by),
	MEMBER(record, STRING, closed_by),
	MEMBER(record, U64, start_ns),
	MEMBER(record, U64, end_ns),
	END,
};

static const struct member totals_members[] = {
	NAMED(record, COUNT, "faults", totals.faults),
	NAMED(record, COUNT, "faults_user", totals.faults_user),
	NAMED(record, COUNT, "faults_kernel", totals.faults_kernel),
	NAMED(record, COUNT, "populated_pages", totals.populated_pages),
	NAMED(record, COUNT, "zero_populated_pages", totals.zero_populated_pages),
	NAMED(record, COUNT, "mapped_pages", totals.mapped_pages),
	NAMED(record, COUNT, "released_pages", totals.released_pages),
	NAMED(record, COUNT, "advice_calls", totals.advice_calls),
	NAMED(record, COUNT, "advice_bytes", totals.advice_bytes),
	END,
};

static const struct member lost_members[] = {
	NAMED(record, COUNT, "events", lost.events),
	NAMED(record, COUNT, "stacks", lost.stacks),
	NAMED(record, COUNT, "truncated_stacks", lost.truncated_stacks),
	END,
};

static const struct member overhead_members[] = {
	NAMED(record, COUNT, "events", overhead.events),
	NAMED(record, COUNT, "bpf_ns", overhead.bpf_ns),
	NAMED(record, DOUBLE, "ns_per_event", overhead.ns_per_event),
	END,
};

/* --- writing --- */

/*
 * Objects are made before their members and handed to their parents at once, so that the root owns
 * all of them; @failed remembers that memory ran out, since null is a valid value to json-c.
 */
struct writer {
	bool failed;
};

static json_object *writer__check(struct writer *w, json_object *v)
{
	if (!v)
		w->failed = true;
	return v;
}

static void writer__put(struct writer *w, json_object *object, const char *name, json_object *v)
{
	if (!object || json_object_object_add(object, name, v)) {
		json_object_put(v);
		w->failed = true;
	}
}

static void writer__append(struct writer *w, json_object *array, json_object *v)
{
	if (!array || json_object_array_add(array, v)) {
		json_object_put(v);
		w->failed = true;
	}
}

static json_object *writer__object(struct writer *w, json_object *parent, const char *name)
{
	json_object *v = writer__check(w, json_object_new_object());

	writer__put(w, parent, name, v);
	return w->failed ? NULL : v;
}

static json_object *writer__array(struct writer *w, json_object *parent, const char *name)
{
	json_object *v = writer__check(w, json_object_new_array());

	writer__put(w, parent, name, v);
	return w->failed ? NULL : v;
}

static json_object *writer__element(struct writer *w, json_object *array)
{
	json_object *v = writer__check(w, json_object_new_object());

	writer__append(w, array, v);
	return w->failed ? NULL : v;
}

static json_object *writer__string(struct writer *w, const char *s)
{
	json_object *v;
	uint32_t c;
	size_t n = 0;
	char *clean;
	int len;

	if (!s)
		return NULL;
	clean = malloc(4 * strlen(s) + 1);
	if (!clean) {
		w->failed = true;
		return NULL;
	}
	for (; *s; s += len) {
		len = format__utf8(s, &c);
		if (len) {
			memcpy(clean + n, s, (size_t)len);
			n += (size_t)len;
		} else {
			n += (size_t)sprintf(clean + n, "\\x%02x", (unsigned char)*s);
			len = 1;
		}
	}
	clean[n] = '\0';
	v = writer__check(w, json_object_new_string(clean));
	free(clean);
	return v;
}

static json_object *writer__double(struct writer *w, double d)
{
	/* the fewest digits that read back as the same number */
	static const char *const formats[] = {"%.15g", "%.16g", "%.17g"};
	json_object *v;
	char buf[40];
	size_t i;

	if (!isfinite(d))
		return NULL;
	for (i = 0; i < 2; i++) {
		snprintf(buf, sizeof(buf), formats[i], d);
		if (strtod(buf, NULL) == d)
			break;
	}
	v = writer__check(w, json_object_new_double(d));
	if (v)
		json_object_set_serializer(v, json_object_double_to_json_string,
					   (void *)(uintptr_t)formats[i], NULL);
	return v;
}

static json_object *writer__count(struct writer *w, int64_t n)
{
	return n == RECORD_UNKNOWN ? NULL : writer__check(w, json_object_new_int64(n));
}

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

static void writer__members(struct writer *w, json_object *object, const struct member *m,
			    const void *base)
{
	for (; object && m->name; m++)
		writer__put(w, object, m->name,
			    writer__value(w, m, (const char *)base + m->offset));
}

static void writer__frames(struct writer *w, json_object *parent, const struct record_frames *f)
{
	json_object *array = writer__array(w, parent, "frames");

	for (size_t i = 0; array && i < f->n; i++)
		writer__members(w, writer__element(w, array), frame_members, &f->v[i]);
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

static void writer__record(struct writer *w, json_object *root, const struct record *r)
{
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
		writer__frames(w, object, &r->callsites[i].frames);
	}
	writer__backing(w, root, r->backing, r->nr_backing);

	array = writer__array(w, root, "advice");
	for (size_t i = 0; array && i < r->nr_advice; i++) {
		object = writer__element(w, array);
		writer__members(w, object, advice_members, &r->advice[i]);
		writer__frames(w, object, &r->advice[i].frames);
	}
	array = writer__array(w, root, "timeline");
	for (size_t i = 0; array && i < r->nr_timeline; i++)
		writer__members(w, writer__element(w, array), tick_members, &r->timeline[i]);

	writer__members(w, writer__object(w, root, "overhead"), overhead_members, r);
}

int output_json__write(const struct record *r, FILE *f)
{
	struct writer w = {.failed = false};
	json_object *root = json_object_new_object();
	const char *text;
	int err = -ENOMEM;

	if (!root)
		return -ENOMEM;
	writer__record(&w, root, r);
	if (w.failed)
		goto out;
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_SPACED |
							    JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text)
		goto out;
	errno = EIO;
	err = fputs(text, f) == EOF || fputc('\n', f) == EOF ? -errno : 0;
out:
	json_object_put(root);
	return err;
}

/* --- reading --- */

struct reader {
	char *why;
	size_t size;
	char where[96]; /* "callsites[3].frames[0]": ours, never text of the file */
	int err;
};

static bool reader__fail(struct reader *rd, int err, const char *member, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Always false: the first reason stays. */
static bool reader__fail(struct reader *rd, int err, const char *member, const char *fmt, ...)
{
	char reason[160];
	va_list ap;

	if (rd->err)
		return false;
	rd->err = err;
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	if (rd->size)
		snprintf(rd->why, rd->size, "%s%s%s%s%s", rd->where,
			 rd->where[0] && member[0] ? "." : "", member,
			 rd->where[0] || member[0] ? " " : "", reason);
	return false;
}

static bool reader__no_memory(struct reader *rd)
{
	return reader__fail(rd, -ENOMEM, "", "does not fit into memory");
}

static bool reader__string(struct reader *rd, json_object *v, const char *name, char **out)
{
	const char *s;

	if (!json_object_is_type(v, json_type_string))
		return reader__fail(rd, -EINVAL, name, "is not a string");
	s = json_object_get_string(v);
	if (strlen(s) != (size_t)json_object_get_string_len(v))
		return reader__fail(rd, -EINVAL, name, "holds a NUL character");
	*out = strdup(s);
	return *out ? true : reader__no_memory(rd);
}

/*
 * json-c clamps what is out of range on reading and on getting; the tokener is strict, so only the
 * second clamp is left to find.
 */
static bool reader__u64(struct reader *rd, json_object *v, const char *name, uint64_t max,
			uint64_t *out)
{
	uint64_t n;

	if (!json_object_is_type(v, json_type_int))
		return reader__fail(rd, -EINVAL, name, "is not a whole number");
	if (json_object_get_int64(v) < 0)
		return reader__fail(rd, -EINVAL, name, "is negative");
	n = json_object_get_uint64(v);
	if (n > max)
		return reader__fail(rd, -EINVAL, name, "is above %" PRIu64, max);
	*out = n;
	return true;
}

static bool reader__signed(struct reader *rd, json_object *v, const char *name, int64_t *out)
{
	uint64_t n;

	if (json_object_is_type(v, json_type_int) && json_object_get_int64(v) < 0) {
		*out = json_object_get_int64(v);
		if (*out == RECORD_UNKNOWN)
			return reader__fail(rd, -EINVAL, name, "is below %" PRId64, -INT64_MAX);
		return true;
	}
	if (!reader__u64(rd, v, name, INT64_MAX, &n))
		return false;
	*out = (int64_t)n;
	return true;
}

static bool reader__count(struct reader *rd, json_object *v, const char *name, int64_t *out)
{
	uint64_t n;

	if (!v) {
		*out = RECORD_UNKNOWN;
		return true;
	}
	if (!reader__u64(rd, v, name, INT64_MAX, &n))
		return false;
	*out = (int64_t)n;
	return true;
}

static bool reader__double(struct reader *rd, json_object *v, const char *name, double *out)
{
	if (!json_object_is_type(v, json_type_double) && !json_object_is_type(v, json_type_int))
		return reader__fail(rd, -EINVAL, name, "is not a number");
	*out = json_object_get_double(v);
	if (!isfinite(*out) || *out < 0)
		return reader__fail(rd, -EINVAL, name, "is not a number from 0 up");
	return true;
}

static bool reader__access(struct reader *rd, json_object *v, const char *name,
			   enum record_access *out)
{
	const char *s = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";

	for (int a = RECORD_ACCESS_NONE; a <= RECORD_ACCESS_WRITE; a++) {
		if (strcmp(s, record_access__name((enum record_access)a)) == 0) {
			*out = (enum record_access)a;
			return true;
		}
	}
	return reader__fail(rd, -EINVAL, name, "is none of read, write, none");
}

static bool reader__context(struct reader *rd, json_object *v, const char *name,
			    enum record_context *out)
{
	const char *s = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";

	for (int c = RECORD_CONTEXT_USER; c <= RECORD_CONTEXT_SYSCALL; c++) {
		if (strcmp(s, record_context__name((enum record_context)c)) == 0) {
			*out = (enum record_context)c;
			return true;
		}
	}
	return reader__fail(rd, -EINVAL, name, "is none of user, kernel, syscall");
}

/* What null means; what has no null stays 0. */
static void member__set_null(const struct member *m, void *p)
{
	if (m->type == TYPE_COUNT || m->type == TYPE_SIGNED)
		*(int64_t *)p = RECORD_UNKNOWN;
	else if (m->type == TYPE_DOUBLE)
		*(double *)p = NAN;
}

static bool reader__value(struct reader *rd, json_object *v, const struct member *m, void *p)
{
	uint64_t n = 0;
	char *s = NULL;

	switch (m->type) {
	case TYPE_STRING:
		return reader__string(rd, v, m->name, p);
	case TYPE_STATIC:
		if (!reader__string(rd, v, m->name, &s))
			return false;
		*(const char **)p = record__static_name(m->set, s);
		free(s);
		return true;
	case TYPE_COUNT:
		return reader__count(rd, v, m->name, p);
	case TYPE_SIGNED:
		return reader__signed(rd, v, m->name, p);
	case TYPE_U32:
		if (!reader__u64(rd, v, m->name, UINT32_MAX, &n))
			return false;
		*(uint32_t *)p = (uint32_t)n;
		return true;
	case TYPE_U64:
		return reader__u64(rd, v, m->name, UINT64_MAX, p);
	case TYPE_DOUBLE:
		return reader__double(rd, v, m->name, p);
	case TYPE_BOOL:
		if (!json_object_is_type(v, json_type_boolean))
			return reader__fail(rd, -EINVAL, m->name, "is neither true nor false");
		*(bool *)p = json_object_get_boolean(v);
		return true;
	case TYPE_ACCESS:
		return reader__access(rd, v, m->name, p);
	case TYPE_CONTEXT:
		return reader__context(rd, v, m->name, p);
	}
	return false;
}

static bool reader__members(struct reader *rd, json_object *object, const struct member *m,
			    void *base)
{
	json_object *v;

	if (!json_object_is_type(object, json_type_object))
		return reader__fail(rd, -EINVAL, "", "is not an object");
	for (; m->name; m++) {
		void *p = (char *)base + m->offset;

		if (!json_object_object_get_ex(object, m->name, &v) || !v)
			member__set_null(m, p);
		else if (!reader__value(rd, v, m, p))
			return false;
	}
	return true;
}

/* An array and its length; none at all is as good as an empty one. */
static bool reader__array(struct reader *rd, json_object *parent, const char *name,
			  json_object **out, size_t *n)
{
	*n = 0;
	if (!json_object_object_get_ex(parent, name, out) || !*out)
		return true;
	if (!json_object_is_type(*out, json_type_array))
		return reader__fail(rd, -EINVAL, name, "is not an array");
	*n = json_object_array_length(*out);
	return true;
}

/* Go down to one element, for reasons to say where; the length to go back up to. */
static size_t reader__enter(struct reader *rd, const char *name, size_t i)
{
	size_t n = strlen(rd->where);

	snprintf(rd->where + n, sizeof(rd->where) - n, "%s%s[%zu]", n ? "." : "", name, i);
	return n;
}

static bool reader__leave(struct reader *rd, size_t n, bool ok)
{
	rd->where[n] = '\0';
	return ok;
}

static bool reader__frames(struct reader *rd, json_object *parent, struct record_frames *f)
{
	json_object *array;
	bool ok = true;
	size_t n, up;

	if (!reader__array(rd, parent, "frames", &array, &n) || !n)
		return !rd->err;
	f->v = calloc(n, sizeof(*f->v));
	if (!f->v)
		return reader__no_memory(rd);
	f->n = n;
	for (size_t i = 0; ok && i < n; i++) {
		up = reader__enter(rd, "frames", i);
		ok = reader__members(rd, json_object_array_get_idx(array, i), frame_members,
				     &f->v[i]);
		reader__leave(rd, up, ok);
	}
	return ok;
}

static bool reader__counts(struct reader *rd, json_object *parent, const char *name,
			   struct record *r)
{
	json_object *object;
	struct json_object_iterator it, end;
	bool losses = strcmp(name, "kinds") == 0;
	int64_t n, events = r->lost.events;

	if (!json_object_object_get_ex(parent, name, &object) || !object)
		return true;
	if (!json_object_is_type(object, json_type_object))
		return reader__fail(rd, -EINVAL, name, "is not an object");
	/* each is looked up among those before it */
	if (json_object_object_length(object) > MAX_KINDS)
		return reader__fail(rd, -EINVAL, name, "has more than %d members", MAX_KINDS);
	it = json_object_iter_begin(object);
	end = json_object_iter_end(object);
	for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		const char *key = json_object_iter_peek_name(&it);

		if (!reader__count(rd, json_object_iter_peek_value(&it), name, &n))
			return false;
		if (losses ? record__add_lost(r, key, n) : record__add_unwind_error(r, key, n))
			return reader__no_memory(rd);
	}
	r->lost.events = events; /* as the file says, whatever its parts come to */
	return true;
}

static bool reader__cmdline(struct reader *rd, json_object *object, struct record_target *t)
{
	json_object *array, *v;
	size_t n;

	if (!reader__array(rd, object, "cmdline", &array, &n) || !n)
		return !rd->err;
	t->cmdline = calloc(n, sizeof(*t->cmdline));
	if (!t->cmdline)
		return reader__no_memory(rd);
	t->nr_cmdline = n;
	for (size_t i = 0; i < n; i++) {
		v = json_object_array_get_idx(array, i);
		if (v && !reader__string(rd, v, "cmdline", &t->cmdline[i]))
			return false;
	}
	return true;
}

static bool reader__target(struct reader *rd, json_object *object, struct record *r)
{
	struct record_target *t = record__add_target(r);

	if (!t)
		return reader__no_memory(rd);
	return reader__members(rd, object, target_members, t) && reader__cmdline(rd, object, t);
}

static bool reader__accounting(struct reader *rd, json_object *object, struct record *r)
{
	struct record_accounting *a = record__add_accounting(r);

	return a ? reader__members(rd, object, accounting_members, a) : reader__no_memory(rd);
}

static bool reader__backing(struct reader *rd, json_object *object, struct record *r)
{
	struct record_backing *b = record__add_backing(r);

	return b ? reader__members(rd, object, backing_members, b) : reader__no_memory(rd);
}

static bool reader__advice(struct reader *rd, json_object *object, struct record *r)
{
	struct record_advice *a = record__add_advice(r);

	if (!a)
		return reader__no_memory(rd);
	return reader__members(rd, object, advice_members, a) &&
	       reader__frames(rd, object, &a->frames);
}

static bool reader__tick(struct reader *rd, json_object *object, struct record *r)
{
	struct record_tick *t = record__add_tick(r);

	return t ? reader__members(rd, object, tick_members, t) : reader__no_memory(rd);
}

static bool reader__callsite(struct reader *rd, json_object *object, struct record *r)
{
	struct record_callsite *c = record__add_callsite(r);
	struct record_backing *b;
	json_object *array;
	bool ok = true;
	size_t n, up;

	if (!c)
		return reader__no_memory(rd);
	if (!reader__members(rd, object, callsite_members, c) ||
	    !reader__array(rd, object, "backing", &array, &n))
		return false;
	for (size_t i = 0; ok && i < n; i++) {
		b = record_callsite__add_backing(c);
		if (!b)
			return reader__no_memory(rd);
		up = reader__enter(rd, "backing", i);
		ok = reader__members(rd, json_object_array_get_idx(array, i), backing_members, b);
		reader__leave(rd, up, ok);
	}
	return ok && reader__frames(rd, object, &c->frames);
}

/* Every element of the array @name by @each. */
static bool reader__each(struct reader *rd, json_object *root, const char *name, struct record *r,
			 bool (*each)(struct reader *, json_object *, struct record *))
{
	json_object *array;
	bool ok = true;
	size_t n, up;

	if (!reader__array(rd, root, name, &array, &n))
		return false;
	for (size_t i = 0; ok && i < n; i++) {
		up = reader__enter(rd, name, i);
		ok = each(rd, json_object_array_get_idx(array, i), r);
		reader__leave(rd, up, ok);
	}
	return ok;
}

/* Members of the record itself that the schema puts into an object of their own. */
static bool reader__part(struct reader *rd, json_object *root, const char *name,
			 const struct member *m, struct record *r)
{
	json_object *object;
	bool ok;

	if (!json_object_object_get_ex(root, name, &object) || !object)
		return true;
	snprintf(rd->where, sizeof(rd->where), "%s", name);
	ok = reader__members(rd, object, m, r);
	if (ok && m == lost_members)
		ok = reader__counts(rd, object, "unwind_errors", r) &&
		     reader__counts(rd, object, "kinds", r);
	return reader__leave(rd, 0, ok);
}

static bool reader__record(struct reader *rd, json_object *root, struct record *r)
{
	json_object *v;

	if (!json_object_is_type(root, json_type_object) ||
	    !json_object_object_get_ex(root, "schema", &v) ||
	    !json_object_is_type(v, json_type_string))
		return reader__fail(rd, -EINVAL, "", "not a record: it has no schema");
	if (strcmp(json_object_get_string(v), RECORD_SCHEMA) != 0)
		return reader__fail(rd, -EINVAL, "", "not a record: its schema is not %s",
				    RECORD_SCHEMA);
	if (!reader__part(rd, root, "tool", tool_members, r) ||
	    !reader__part(rd, root, "host", host_members, r) ||
	    !reader__members(rd, root, mode_members, r) ||
	    !reader__part(rd, root, "window", window_members, r) ||
	    !reader__part(rd, root, "totals", totals_members, r) ||
	    !reader__part(rd, root, "lost", lost_members, r) ||
	    !reader__part(rd, root, "overhead", overhead_members, r) ||
	    !reader__each(rd, root, "targets", r, reader__target) ||
	    !reader__each(rd, root, "accounting", r, reader__accounting) ||
	    !reader__each(rd, root, "callsites", r, reader__callsite) ||
	    !reader__each(rd, root, "backing", r, reader__backing) ||
	    !reader__each(rd, root, "advice", r, reader__advice) ||
	    !reader__each(rd, root, "timeline", r, reader__tick))
		return false;
	/* a record by another tool may have "target" alone */
	if (!r->nr_target && json_object_object_get_ex(root, "target", &v) && v) {
		snprintf(rd->where, sizeof(rd->where), "target");
		return reader__leave(rd, 0, reader__target(rd, v, r));
	}
	return true;
}

static json_object *reader__tokens(struct reader *rd, const char *text, size_t len)
{
	json_tokener *tok = json_tokener_new();
	enum json_tokener_error jerr;
	json_object *root = NULL;
	size_t end;

	if (!tok) {
		reader__no_memory(rd);
		return NULL;
	}
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tok, text, (int)len);
	jerr = json_tokener_get_error(tok);
	end = json_tokener_get_parse_end(tok);
	if (jerr == json_tokener_continue)
		reader__fail(rd, -EINVAL, "", len ? "ends in the middle" : "is empty");
	else if (jerr != json_tokener_success)
		reader__fail(rd, -EINVAL, "", "not JSON at byte %zu: %s", end,
			     json_tokener_error_desc(jerr));
	json_tokener_free(tok);
	return root;
}

int output_json__parse(struct record **out, const char *text, size_t len, char *why,
		       size_t why_size)
{
	struct reader rd = {.why = why, .size = why_size};
	json_object *root = NULL;
	struct record *r = NULL;

	*out = NULL;
	if (why_size)
		why[0] = '\0';
	if (len > MAX_BYTES) {
		reader__fail(&rd, -EINVAL, "", "not a record: it is above %u MiB", MAX_BYTES >> 20);
		return rd.err;
	}
	root = reader__tokens(&rd, text, len);
	if (rd.err)
		goto out;
	r = record__new();
	if (!r) {
		reader__no_memory(&rd);
		goto out;
	}
	if (!reader__record(&rd, root, r))
		goto out;
	*out = r;
	r = NULL;
out:
	record__free(r);
	json_object_put(root);
	return rd.err;
}

/* All of @f, at most one byte more than allowed; negative errno. */
static int file__slurp(FILE *f, char **text, size_t *len)
{
	size_t room = 0, n = 0;
	char *buf = NULL, *p;

	do {
		if (n == room) {
			room = room ? 2 * room : 1U << 16;
			p = realloc(buf, room);
			if (!p) {
				free(buf);
				return -ENOMEM;
			}
			buf = p;
		}
		errno = 0;
		n += fread(buf + n, 1, room - n, f);
		if (ferror(f)) {
			free(buf);
			return errno ? -errno : -EIO;
		}
	} while (!feof(f) && n <= MAX_BYTES);
	*text = buf;
	*len = n;
	return 0;
}

int output_json__read(struct record **out, const char *path, char *why, size_t why_size)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *f = is_stdin ? stdin : fopen(path, "re");
	char *text = NULL;
	size_t len = 0;
	int err;

	*out = NULL;
	err = f ? file__slurp(f, &text, &len) : -errno;
	if (err) {
		if (why_size)
			snprintf(why, why_size, "%s", strerror(-err));
		goto out;
	}
	err = output_json__parse(out, text, len, why, why_size);
out:
	free(text);
	if (f && !is_stdin)
		fclose(f);
	return err;
}
