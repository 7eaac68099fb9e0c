/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a record from JSON: the file, its tokens, and the objects and arrays as the tables of
 * members describe them. json_read_values.c checks single values.
 */
#include "output/json.h"
#include "output/json_read_internal.h"
#include "losses.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A record with 5,000 call sites has 15 MB; reading this much does no harm yet. */
#define MAX_BYTES (128U << 20)
#define MAX_KINDS 1000

static bool reader__members(struct reader *rd, json_object *object, const struct member *m,
			    void *base);

/* Notes in rd->where that the reader goes down to a member, or to one of its elements, so that a
 * reason can say where. Returns the length for reader__leave(). */
static size_t reader__enter(struct reader *rd, const char *name, ssize_t i)
{
	size_t n = strlen(rd->where);

	snprintf(rd->where + n, sizeof(rd->where) - n, i < 0 ? "%s%s" : "%s%s[%zd]", n ? "." : "",
		 name, i);
	return n;
}

static bool reader__leave(struct reader *rd, size_t n, bool ok)
{
	rd->where[n] = '\0';
	return ok;
}

static bool reader__object(struct reader *rd, json_object *v, const struct member *m, ssize_t i,
			   void *base)
{
	size_t up = reader__enter(rd, m->name, i);

	return reader__leave(rd, up, reader__members(rd, v, m->members, base));
}

/* Allocates room for "n" elements, rounded up to a power of two: array__grow() expects this of an
 * array that was not grown by itself. */
static void *reader__room(struct reader *rd, size_t n, size_t size)
{
	size_t room = 1;
	void *v;

	while (room < n)
		room *= 2;
	v = calloc(room, size);
	if (!v)
		reader__no_memory(rd);
	return v;
}

/* Reads the elements of "array" into *v, and counts them in *n while it goes: after an error the
 * record owns those that were read. */
static bool reader__array(struct reader *rd, json_object *array, const struct member *m, char **v,
			  size_t *n)
{
	size_t len;

	if (!json_object_is_type(array, json_type_array))
		return reader__fail(rd, -EINVAL, m->name, "is not an array");
	len = json_object_array_length(array);
	if (!len)
		return true;
	*v = reader__room(rd, len, m->size);
	for (; *v && *n < len && !rd->err; (*n)++) {
		json_object *element = json_object_array_get_idx(array, *n);
		char *to = *v + *n * m->size;

		if (m->type == TYPE_ARRAY)
			reader__object(rd, element, m, (ssize_t)*n, to);
		else if (element)
			reader__string(rd, element, m->name, (char **)to);
	}
	return !rd->err;
}

static bool reader__counts(struct reader *rd, json_object *object, const struct member *m,
			   struct record_count **v, size_t *n)
{
	struct json_object_iterator it, end;
	struct record_count *c;

	if (!json_object_is_type(object, json_type_object))
		return reader__fail(rd, -EINVAL, m->name, "is not an object");
	if (json_object_object_length(object) > MAX_KINDS)
		return reader__fail(rd, -EINVAL, m->name, "has more than %d members", MAX_KINDS);
	*v = reader__room(rd, (size_t)json_object_object_length(object), sizeof(**v));
	it = json_object_iter_begin(object);
	end = json_object_iter_end(object);
	for (; *v && !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		c = &(*v)[*n];
		c->name = strdup(json_object_iter_peek_name(&it));
		if (!c->name)
			return reader__no_memory(rd);
		(*n)++;
		if (!reader__count(rd, json_object_iter_peek_value(&it), m->name, &c->n))
			return false;
	}
	return !rd->err;
}

/* Reads a TYPE_FIRST member. If the record has the whole array too, the array is read instead; a
 * record of another tool may have the first element alone. */
static bool reader__first(struct reader *rd, json_object *v, const struct member *m,
			  json_object *of, char **to, size_t *n)
{
	json_object *all;

	for (const struct member *other = record_members; other->name; other++)
		if (other->type == TYPE_ARRAY && other->members == m->members &&
		    json_object_object_get_ex(of, other->name, &all) && all)
			return true;
	*to = reader__room(rd, 1, m->size);
	*n = *to ? 1 : 0;
	return *to && reader__object(rd, v, m, -1, *to);
}

static bool reader__members(struct reader *rd, json_object *object, const struct member *m,
			    void *base)
{
	bool ok = true;

	if (!json_object_is_type(object, json_type_object))
		return reader__fail(rd, -EINVAL, "", "is not an object");
	for (; m->name && ok; m++) {
		char *p = (char *)base + m->offset;
		size_t *n = (size_t *)((char *)base + m->length);
		json_object *v = NULL;

		json_object_object_get_ex(object, m->name, &v);
		if (!v && m->type != TYPE_OBJECT)
			member__set_null(m, p);
		else if (m->type == TYPE_OBJECT)
			ok = !v || reader__object(rd, v, m, -1, base);
		else if (m->type == TYPE_ARRAY || m->type == TYPE_STRINGS)
			ok = reader__array(rd, v, m, (char **)p, n);
		else if (m->type == TYPE_FIRST)
			ok = reader__first(rd, v, m, object, (char **)p, n);
		else if (m->type == TYPE_COUNTS)
			ok = reader__counts(rd, v, m, (struct record_count **)p, n);
		else
			ok = reader__value(rd, v, m, p);
	}
	return ok;
}

/* Renames what schema 1 called differently: it had the reasons of a window as text for people only.
 * */
static void from_version_1(json_object *root)
{
	static const char *const names[][2] = {{"opened_by", "opened_by_text"},
					       {"closed_by", "closed_by_text"}};
	json_object *window, *v;

	if (!json_object_object_get_ex(root, "window", &window) ||
	    !json_object_is_type(window, json_type_object))
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!json_object_object_get_ex(window, names[i][0], &v))
			continue;
		json_object_object_add(window, names[i][1], json_object_get(v));
		json_object_object_del(window, names[i][0]);
	}
}

static bool reader__record(struct reader *rd, json_object *root, struct record *r)
{
	json_object *v;
	const char *schema;

	if (!json_object_is_type(root, json_type_object) ||
	    !json_object_object_get_ex(root, "schema", &v) ||
	    !json_object_is_type(v, json_type_string))
		return reader__fail(rd, -EINVAL, "", "not a record: it has no schema");
	schema = json_object_get_string(v);
	if (strcmp(schema, RECORD_SCHEMA_1) == 0)
		from_version_1(root);
	else if (strcmp(schema, RECORD_SCHEMA) != 0)
		return reader__fail(rd, -EINVAL, "", "not a record: its schema is not %s or %s",
				    RECORD_SCHEMA, RECORD_SCHEMA_1);
	return reader__members(rd, root, record_members, r);
}

/* More than json-c allocates at a time for an object of a record. */
enum { PROBE_BYTES = 64 << 10 };

static json_object *reader__tokens(struct reader *rd, const char *text, size_t len)
{
	json_tokener *tok = json_tokener_new();
	enum json_tokener_error jerr;
	json_object *root = NULL;
	bool stopped;
	void *probe;
	size_t end;

	if (!tok) {
		reader__no_memory(rd);
		return NULL;
	}
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tok, text, (int)len);
	jerr = json_tokener_get_error(tok);
	end = json_tokener_get_parse_end(tok);
	/* json-c does not say when memory runs out. It stops amid the text, or leaves out a member
	 * and goes on. It has freed next to nothing by now: if it did not get a piece for a member,
	 * there is none for the probe either. */
	probe = malloc(PROBE_BYTES);
	free(probe);
	stopped = (jerr == json_tokener_success || jerr == json_tokener_continue) && !root &&
		  end < len;
	if (!probe || stopped)
		reader__no_memory(rd);
	else if (jerr == json_tokener_continue)
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
	record__judge_losses(r);
	*out = r;
	r = NULL;
out:
	record__free(r);
	json_object_put(root);
	return rd.err;
}

/* Reads all of "f", at most one byte more than allowed. Returns 0 or a negative errno. */
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
