/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads single values from JSON: checks that each is of its member's type and in range, and decides
 * what null means. The file may contain anything.
 */
#include "output/json_read_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool reader__fail(struct reader *rd, int err, const char *member, const char *fmt, ...)
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

bool reader__no_memory(struct reader *rd)
{
	return reader__fail(rd, -ENOMEM, "", "does not fit into memory");
}

bool reader__string(struct reader *rd, json_object *v, const char *name, char **out)
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
 * json-c clamps numbers that are out of range, both when it parses and when a number is read. The
 * strict tokener refuses them when it parses, so only the second clamp remains to be checked.
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

bool reader__count(struct reader *rd, json_object *v, const char *name, int64_t *out)
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

/* A word that is not in the set is refused: it could only be written back as a different one. */
static bool reader__enum(struct reader *rd, json_object *v, const struct member *m, int *out)
{
	const char *s = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
	char all[96] = "";

	*out = names__value(m->set, s);
	if (*out >= 0)
		return true;
	*out = 0;
	for (int value = 0; value < NAMES_VALUES; value++) {
		const char *word = names__word(m->set, value);
		size_t n = strlen(all);

		if (word)
			snprintf(all + n, sizeof(all) - n, "%s%s", n ? ", " : "", word);
	}
	return reader__fail(rd, -EINVAL, m->name, "is none of %s", all);
}

void member__set_null(const struct member *m, void *p)
{
	if (m->type == TYPE_COUNT || m->type == TYPE_SIGNED)
		*(int64_t *)p = RECORD_UNKNOWN;
	else if (m->type == TYPE_DOUBLE)
		*(double *)p = NAN;
}

bool reader__value(struct reader *rd, json_object *v, const struct member *m, void *p)
{
	uint64_t n = 0;
	char *s = NULL;

	switch (m->type) {
	case TYPE_STRING:
	case TYPE_TIME:
		return reader__string(rd, v, m->name, p);
	case TYPE_WORD:
		if (!reader__string(rd, v, m->name, &s))
			return false;
		*(const char **)p = names__static(m->set, s);
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
	case TYPE_ENUM:
		return reader__enum(rd, v, m, p);
	default: /* members with several values, and those that are not in the record */
		return true;
	}
}
