// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the expectations of trace-check: their columns, and the keys that each column has.
 */
#include "expectation.h"

#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct column columns[] = {
	{"faults", CALLSITES, "faults", false, false, false},
	{"populated", CALLSITES, "populated_pages", false, false, true},
	{"zero_populated", CALLSITES, "zero_populated_pages", false, false, false},
	{"released", CALLSITES, "released_pages", false, false, true},
	{"kernel", ACCOUNTING, "kernel_pages", false, true, false},
	{"traced", ACCOUNTING, "traced_pages", false, true, false},
	{"residual", ACCOUNTING, "residual_pages", true, true, false},
	{"residual_permille", ACCOUNTING, "residual_pages", true, true, false},
	{"advice_calls", ADVICE, "calls", false, false, false},
	{"advice_failed", ADVICE, "failed", false, false, false},
	{"advice_bytes", ADVICE, "bytes", false, false, false},
	{"advice_released", ADVICE, "released_pages", false, false, false},
	{"zero_written", BACKING, "zero_written_pages", false, true, false},
	{"looked", BACKING, "looked_pages", false, true, false},
	{"lost", LOST, NULL, false, false, false},
	{"fault_ns", CALLSITES, "fault_ns", false, false, false},
};

const struct column *column__find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		if (!strcmp(columns[i].name, name))
			return &columns[i];
	return NULL;
}

bool key__is_of_backing(const char *key)
{
	return !strcmp(key, "kind") || !strcmp(key, "name");
}

bool key__is_of_frame(const char *key)
{
	return !strcmp(key, "symbol") || !strcmp(key, "function") || !strcmp(key, "module");
}

static bool key_is_known(enum section section, const char *key)
{
	static const char *const keys[][6] = {
		[CALLSITES] = {"access", "context", "syscall", "category", NULL},
		[ACCOUNTING] = {"kind", "name", NULL},
		[ADVICE] = {"call", "behavior", "error", NULL},
		[BACKING] = {"kind", "name", NULL},
		[LOST] = {"what", NULL},
	};

	if (section == CALLSITES && (key__is_of_backing(key) || key__is_of_frame(key)))
		return true;
	for (size_t i = 0; keys[section][i]; i++)
		if (!strcmp(keys[section][i], key))
			return true;
	return false;
}

const char *expectation__parse(char *line, struct expectation *exp)
{
	char *word, *end, *value, *rest = line;

	strtok_r(rest, " ", &rest);
	word = strtok_r(NULL, " ", &rest);
	exp->column = word ? column__find(word) : NULL;
	if (!exp->column)
		return "no such column";
	word = strtok_r(NULL, " ", &rest);
	if (!word)
		return "a number is missing";
	exp->number = strtoll(word, &end, 10);
	if (*end || end == word || exp->number < 0)
		return "not a number";
	while ((word = strtok_r(NULL, " ", &rest))) {
		if (!strcmp(word, "unless-null")) {
			exp->unless_null = true;
			continue;
		}
		value = strchr(word, '=');
		if (!value || exp->filter_count == MAX_FILTERS)
			return "neither KEY=PATTERN nor unless-null, or too many";
		*value = '\0';
		if (!key_is_known(exp->column->section, word))
			return "the column has no such key";
		exp->filters[exp->filter_count++] = (struct filter){word, value + 1};
	}
	return NULL;
}
