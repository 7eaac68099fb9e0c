/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record from JSON: the file, its tokens, and which objects and arrays it has. Single values are
 * checked in json_read_values.c.
 */
#include "output/json.h"
#include "output/json_read_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Far above any record (5,000 call sites are 15 MB), far below what would hurt. */
#define MAX_BYTES (128U << 20)
#define MAX_KINDS 1000

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

static bool reader__thread(struct reader *rd, json_object *object, struct record *r)
{
	struct record_thread *t = record__add_thread(r);

	return t ? reader__members(rd, object, thread_members, t) : reader__no_memory(rd);
}

static bool reader__tick(struct reader *rd, json_object *object, struct record *r)
{
	struct record_tick *t = record__add_tick(r);

	return t ? reader__members(rd, object, tick_members, t) : reader__no_memory(rd);
}

static bool reader__phase(struct reader *rd, json_object *object, struct record *r)
{
	struct record_phase *p = record__add_phase(r);

	return p ? reader__members(rd, object, phase_members, p) : reader__no_memory(rd);
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
	    !reader__each(rd, root, "threads", r, reader__thread) ||
	    !reader__each(rd, root, "timeline", r, reader__tick) ||
	    !reader__each(rd, root, "phases", r, reader__phase))
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
