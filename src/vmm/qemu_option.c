/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parses QEMU's options: the grammar of util/keyval.c and util/qemu-option.c, and JSON, which
 * libvirt writes.
 */
#include "vmm/qemu_option.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

const char *qemu_option__argument(const struct record_target *t, size_t i, const char *name)
{
	const char *word = t->cmdline[i];

	if (!word || i + 1 >= t->nr_cmdline || word[0] != '-')
		return NULL;
	word += word[1] == '-' ? 2 : 1;
	return strcmp(word, name) ? NULL : t->cmdline[i + 1];
}

/* Copies the value at "s" up to its comma, and returns the place after the comma; ",," stands for a
 * comma in the value. If "out" is NULL the value is skipped. */
static const char *take_value(const char *s, char *out, size_t size)
{
	size_t n = 0;

	for (; *s && (*s != ',' || s[1] == ','); s++) {
		s += *s == ',';
		if (out && n + 1 < size)
			out[n++] = *s;
	}
	if (out && size)
		out[n] = '\0';
	return *s ? s + 1 : s;
}

static bool json_value(const char *text, const char *key, char *out, size_t size)
{
	json_object *object = json_tokener_parse(text), *value = NULL;
	bool found = json_object_is_type(object, json_type_object) &&
		     json_object_object_get_ex(object, key, &value) && value &&
		     !json_object_is_type(value, json_type_object) &&
		     !json_object_is_type(value, json_type_array);

	if (found)
		snprintf(out, size, "%s", json_object_get_string(value));
	json_object_put(object);
	return found;
}

bool qemu_option__value(const char *argument, const char *key, bool implied, char *out, size_t size)
{
	size_t len = strlen(key);
	bool found = false, first = true;

	if (argument[0] == '{')
		return json_value(argument, key, out, size);
	for (const char *s = argument; *s; first = false) {
		bool has_key = s[strcspn(s, "=,")] == '=';

		if (has_key && !strncmp(s, key, len) && s[len] == '=') {
			s = take_value(s + len + 1, out, size);
			found = true;
		} else if (!has_key && first && implied) {
			s = take_value(s, out, size);
			found = true;
		} else {
			s = take_value(s, NULL, 0);
		}
	}
	return found;
}

int64_t qemu_option__size(const char *text, int64_t unit)
{
	static const char suffixes[] = "BKMGTPE";
	const char *suffix;
	char *end;
	double n;

	if (!isdigit((unsigned char)*text))
		return RECORD_UNKNOWN;
	n = strtod(text, &end);
	if (*end) {
		suffix = strchr(suffixes, toupper((unsigned char)*end));
		if (!suffix || end[1])
			return RECORD_UNKNOWN;
		unit = (int64_t)1 << 10 * (suffix - suffixes);
	}
	n *= (double)unit;
	return n > 0 && n < (double)INT64_MAX ? (int64_t)n : RECORD_UNKNOWN;
}
