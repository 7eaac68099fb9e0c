/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One function a keyword. Annotations, which say nothing about a value, are named and passed over.
 */
#include "validate.h"

#include <math.h>
#include <regex.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct validator {
	json_object *root;
	bool closed;
	char *why;
	size_t size;
	char path[512];
};

static bool check(struct validator *v, json_object *schema, json_object *value);

/* Always false: the first reason stays. */
static bool wrong(struct validator *v, const char *format, ...)
{
	va_list args;
	size_t n;

	if (*v->why)
		return false;
	n = (size_t)snprintf(v->why, v->size, "%s: ", *v->path ? v->path : "the whole");
	va_start(args, format);
	if (n < v->size)
		vsnprintf(v->why + n, v->size - n, format, args);
	va_end(args);
	return false;
}

/* Of what is at "name" below here. */
static bool check_below(struct validator *v, json_object *schema, json_object *value,
			const char *name)
{
	size_t up = strlen(v->path);
	bool ok;

	snprintf(v->path + up, sizeof(v->path) - up, "%s%s", up && *name != '[' ? "." : "", name);
	ok = check(v, schema, value);
	v->path[up] = '\0';
	return ok;
}

static const char *type_of(json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		return "null";
	case json_type_boolean:
		return "boolean";
	case json_type_int:
		return "integer";
	case json_type_double:
		return "number";
	case json_type_string:
		return "string";
	case json_type_array:
		return "array";
	case json_type_object:
		return "object";
	}
	return "?";
}

/* A number without a fraction is an integer; each integer is a number. */
static bool is_of_type(json_object *value, const char *type)
{
	const char *is = type_of(value);
	double number = json_object_get_double(value);

	if (!strcmp(type, "integer") && !strcmp(is, "number"))
		return number == floor(number);
	return !strcmp(type, is) || (!strcmp(type, "number") && !strcmp(is, "integer"));
}

static bool check_type(struct validator *v, json_object *types, json_object *value)
{
	if (json_object_is_type(types, json_type_string))
		return is_of_type(value, json_object_get_string(types)) ||
		       wrong(v, "%s instead of %s", type_of(value), json_object_get_string(types));
	for (size_t i = 0; i < json_object_array_length(types); i++)
		if (is_of_type(value, json_object_get_string(json_object_array_get_idx(types, i))))
			return true;
	return wrong(v, "%s instead of one of %s", type_of(value),
		     json_object_to_json_string(types));
}

static bool check_enum(struct validator *v, json_object *words, json_object *value)
{
	for (size_t i = 0; i < json_object_array_length(words); i++)
		if (json_object_equal(json_object_array_get_idx(words, i), value))
			return true;
	return wrong(v, "%s is no word of the list", json_object_to_json_string(value));
}

static bool is_number(json_object *value)
{
	return json_object_is_type(value, json_type_int) ||
	       json_object_is_type(value, json_type_double);
}

/* Both may be above 2^63, where a double holds no longer every whole number. */
static int compare(json_object *a, json_object *b)
{
	if (json_object_is_type(a, json_type_int) && json_object_is_type(b, json_type_int)) {
		int64_t x = json_object_get_int64(a), y = json_object_get_int64(b);

		if (x < 0 || y < 0)
			return (x > y) - (x < y);
		return (json_object_get_uint64(a) > json_object_get_uint64(b)) -
		       (json_object_get_uint64(a) < json_object_get_uint64(b));
	}
	return (json_object_get_double(a) > json_object_get_double(b)) -
	       (json_object_get_double(a) < json_object_get_double(b));
}

static bool check_limit(struct validator *v, json_object *limit, json_object *value, int beyond)
{
	return !is_number(value) || compare(value, limit) * beyond <= 0 ||
	       wrong(v, "%s is %s %s", json_object_to_json_string(value),
		     beyond < 0 ? "below" : "above", json_object_to_json_string(limit));
}

static bool check_format(struct validator *v, const char *format, json_object *value)
{
	const char *text = json_object_get_string(value);
	regex_t time;
	bool ok;

	if (strcmp(format, "date-time"))
		return wrong(v, "the format %s is not known here", format);
	if (!json_object_is_type(value, json_type_string))
		return true;
	if (regcomp(&time,
		    "^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]([.][0-9]+)?"
		    "(Z|[+-][0-2][0-9]:[0-5][0-9])$",
		    REG_EXTENDED | REG_NOSUB))
		return wrong(v, "out of memory");
	ok = !regexec(&time, text, 0, NULL, 0);
	regfree(&time);
	return ok || wrong(v, "%s is no time of RFC 3339", text);
}

static bool check_required(struct validator *v, json_object *names, json_object *value)
{
	if (!json_object_is_type(value, json_type_object))
		return true;
	for (size_t i = 0; i < json_object_array_length(names); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(names, i));

		if (!json_object_object_get_ex(value, name, NULL))
			return wrong(v, "has no %s", name);
	}
	return true;
}

static bool check_properties(struct validator *v, json_object *schema, json_object *value)
{
	json_object *named = NULL, *others = NULL, *of;

	json_object_object_get_ex(schema, "properties", &named);
	json_object_object_get_ex(schema, "additionalProperties", &others);
	if (!json_object_is_type(value, json_type_object))
		return true;
	json_object_object_foreach(value, name, member)
	{
		if (named && json_object_object_get_ex(named, name, &of)) {
			if (!check_below(v, of, member, name))
				return false;
		} else if (others) {
			if (!check_below(v, others, member, name))
				return false;
		} else if (v->closed && named) {
			return wrong(v, "has a member %s, which the schema does not know", name);
		}
	}
	return true;
}

static bool check_items(struct validator *v, json_object *schema, json_object *value)
{
	char name[32];

	if (!json_object_is_type(value, json_type_array))
		return true;
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		snprintf(name, sizeof(name), "[%zu]", i);
		if (!check_below(v, schema, json_object_array_get_idx(value, i), name))
			return false;
	}
	return true;
}

/* "anyOf": the reason of the last is given. */
static bool check_any(struct validator *v, json_object *schemas, json_object *value)
{
	for (size_t i = 0; i < json_object_array_length(schemas); i++) {
		*v->why = '\0';
		if (check(v, json_object_array_get_idx(schemas, i), value))
			return true;
		/* the other is null: why an object is wrong is what is wanted */
		if (!json_object_is_type(value, json_type_null))
			return false;
	}
	return false;
}

static bool check_reference(struct validator *v, const char *path, json_object *value)
{
	json_object *defs, *schema;

	if (strncmp(path, "#/$defs/", 8) || !json_object_object_get_ex(v->root, "$defs", &defs) ||
	    !json_object_object_get_ex(defs, path + 8, &schema))
		return wrong(v, "the schema refers to %s, which is not in it", path);
	return check(v, schema, value);
}

static bool is_annotation(const char *keyword)
{
	static const char *const annotations[] = {"$schema", "$id", "$defs", "title",
						  "description"};

	for (size_t i = 0; i < sizeof(annotations) / sizeof(*annotations); i++)
		if (!strcmp(keyword, annotations[i]))
			return true;
	return false;
}

static bool check_keyword(struct validator *v, json_object *schema, const char *keyword,
			  json_object *is, json_object *value)
{
	if (is_annotation(keyword))
		return true;
	if (!strcmp(keyword, "$ref"))
		return check_reference(v, json_object_get_string(is), value);
	if (!strcmp(keyword, "type"))
		return check_type(v, is, value);
	if (!strcmp(keyword, "const"))
		return json_object_equal(is, value) ||
		       wrong(v, "is not %s", json_object_to_json_string(is));
	if (!strcmp(keyword, "enum"))
		return check_enum(v, is, value);
	if (!strcmp(keyword, "minimum"))
		return check_limit(v, is, value, -1);
	if (!strcmp(keyword, "maximum"))
		return check_limit(v, is, value, 1);
	if (!strcmp(keyword, "format"))
		return check_format(v, json_object_get_string(is), value);
	if (!strcmp(keyword, "required"))
		return check_required(v, is, value);
	if (!strcmp(keyword, "properties") || !strcmp(keyword, "additionalProperties"))
		return check_properties(v, schema, value);
	if (!strcmp(keyword, "items"))
		return check_items(v, is, value);
	if (!strcmp(keyword, "anyOf"))
		return check_any(v, is, value);
	return wrong(v, "the keyword %s of the schema is not known here", keyword);
}

static bool check(struct validator *v, json_object *schema, json_object *value)
{
	json_object_object_foreach(schema, keyword, is) if (!check_keyword(v, schema, keyword, is,
									   value)) return false;
	return true;
}

bool validate(json_object *schema, json_object *value, bool closed, char *why, size_t size)
{
	struct validator v = {.root = schema, .closed = closed, .why = why, .size = size};

	*why = '\0';
	return check(&v, schema, value);
}

json_object *validate__record_schema(void)
{
	static const char text[] = {
#include "record_schema.h"
	};

	return json_tokener_parse(text);
}
