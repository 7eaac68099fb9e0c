/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Members of a record's JSON, however much of it is there: what is absent is not known, as a null.
 */
#ifndef CHECK_JSON_H
#define CHECK_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

/* Absent and null are the same: not known. */
static inline struct json_object *get(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, key, &value);
	return value;
}

static inline const char *get_string(struct json_object *object, const char *key)
{
	struct json_object *value = get(object, key);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static inline bool is_number(struct json_object *value)
{
	return json_object_is_type(value, json_type_int);
}

static inline size_t length_of(struct json_object *array)
{
	return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

#endif
