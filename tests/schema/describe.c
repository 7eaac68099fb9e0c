/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a record is, made from the tables that it is written and read by:
 *
 *	describe schema|docs	to stdout: schema/migpop.record-2.json, docs/record.md
 */
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/json_members.h"

/* --- what both say --- */

/* Has the enum of the set a value without a word, which is null? */
static bool has_null(const struct member *m)
{
	switch (m->type) {
	case TYPE_STRING:
	case TYPE_TIME:
	case TYPE_WORD:
	case TYPE_COUNT:
	case TYPE_SIGNED:
	case TYPE_DOUBLE:
	case TYPE_FIRST:
		return true;
	case TYPE_ENUM:
		return !names__word(m->set, 0);
	default:
		return false;
	}
}

/* The words of a set in their order, each once; "other" is what a newer release's are read as. */
static size_t words_of(const struct member *m, const char *words[NAMES_VALUES])
{
	size_t n = 0;

	for (int value = 0; value < NAMES_VALUES; value++) {
		const char *word = names__word(m->set, value);

		if (word && names__value(m->set, word) == value)
			words[n++] = word;
	}
	if (m->type == TYPE_WORD)
		words[n++] = "other";
	return n;
}

/* --- the schema --- */

static json_object *object_schema(const struct member *m, json_object *defs);

static void put_string(json_object *to, const char *name, const char *value)
{
	json_object_object_add(to, name, json_object_new_string(value));
}

/* "type": one, or that and null. */
static void put_type(json_object *to, const char *type, bool null)
{
	json_object *both;

	if (!null) {
		put_string(to, "type", type);
		return;
	}
	both = json_object_new_array();
	json_object_array_add(both, json_object_new_string(type));
	json_object_array_add(both, json_object_new_string("null"));
	json_object_object_add(to, "type", both);
}

static void put_integer(json_object *to, bool null, int64_t min, uint64_t max)
{
	put_type(to, "integer", null);
	json_object_object_add(to, "minimum", json_object_new_int64(min));
	json_object_object_add(to, "maximum", json_object_new_uint64(max));
}

static void put_words(json_object *to, const struct member *m)
{
	json_object *all = json_object_new_array();
	const char *words[NAMES_VALUES];
	size_t n = words_of(m, words);

	for (size_t i = 0; i < n; i++)
		json_object_array_add(all, json_object_new_string(words[i]));
	if (has_null(m))
		json_object_array_add(all, NULL);
	json_object_object_add(to, "enum", all);
}

/* Elements are defined once each, under the name of the array that has them. */
static json_object *reference(const struct member *m, json_object *defs)
{
	json_object *to = json_object_new_object();
	const char *name = m->type == TYPE_FIRST ? "targets" : m->name;
	char path[64];

	if (!json_object_object_get_ex(defs, name, NULL)) {
		json_object_object_add(defs, name, NULL);
		json_object_object_add(defs, name, object_schema(m->members, defs));
	}
	snprintf(path, sizeof(path), "#/$defs/%s", name);
	put_string(to, "$ref", path);
	return to;
}

static void put_array(json_object *to, json_object *items)
{
	put_string(to, "type", "array");
	json_object_object_add(to, "items", items);
}

static void put_reference_or_null(json_object *to, const struct member *m, json_object *defs)
{
	json_object *both = json_object_new_array(), *null = json_object_new_object();

	put_string(null, "type", "null");
	json_object_array_add(both, reference(m, defs));
	json_object_array_add(both, null);
	json_object_object_add(to, "anyOf", both);
}

static json_object *member_schema(const struct member *m, json_object *defs)
{
	json_object *to = json_object_new_object(), *item = NULL;

	put_string(to, "description", m->says);
	switch (m->type) {
	case TYPE_SCHEMA:
		put_string(to, "const", RECORD_SCHEMA);
		break;
	case TYPE_TIME:
		put_string(to, "format", "date-time"); /* fall through */
	case TYPE_STRING:
		put_type(to, "string", true);
		break;
	case TYPE_WORD:
	case TYPE_ENUM:
		put_words(to, m);
		break;
	case TYPE_COUNT:
		put_integer(to, true, 0, INT64_MAX);
		break;
	case TYPE_SIGNED:
		put_integer(to, true, -INT64_MAX, INT64_MAX);
		break;
	case TYPE_U32:
		put_integer(to, false, 0, UINT32_MAX);
		break;
	case TYPE_U64:
		put_integer(to, false, 0, UINT64_MAX);
		break;
	case TYPE_DOUBLE:
		put_type(to, "number", true);
		json_object_object_add(to, "minimum", json_object_new_int(0));
		break;
	case TYPE_BOOL:
		put_type(to, "boolean", false);
		break;
	case TYPE_OBJECT:
		json_object_put(to);
		to = object_schema(m->members, defs);
		put_string(to, "description", m->says);
		break;
	case TYPE_ARRAY:
		put_array(to, reference(m, defs));
		break;
	case TYPE_FIRST:
		put_reference_or_null(to, m, defs);
		break;
	case TYPE_STRINGS:
		item = json_object_new_object();
		put_type(item, "string", true);
		put_array(to, item);
		break;
	case TYPE_COUNTS:
		item = json_object_new_object();
		put_integer(item, true, 0, INT64_MAX);
		put_string(to, "type", "object");
		json_object_object_add(to, "additionalProperties", item);
		break;
	}
	return to;
}

static json_object *object_schema(const struct member *m, json_object *defs)
{
	json_object *to = json_object_new_object();
	json_object *required = json_object_new_array(), *members = json_object_new_object();

	put_string(to, "type", "object");
	for (; m->name; m++) {
		if (!m->optional)
			json_object_array_add(required, json_object_new_string(m->name));
		json_object_object_add(members, m->name, member_schema(m, defs));
	}
	json_object_object_add(to, "required", required);
	json_object_object_add(to, "properties", members);
	return to;
}

static void write_schema(void)
{
	json_object *root = json_object_new_object(), *defs = json_object_new_object(), *record;

	put_string(root, "$schema", "https://json-schema.org/draft/2020-12/schema");
	put_string(root, "$id", "urn:migpop:record:2");
	put_string(root, "title", RECORD_SCHEMA);
	put_string(root, "description",
		   "What one traced window was found to be. Counts are in base pages; what could "
		   "not be known is null, never 0. Later releases may add members.");
	record = object_schema(record_members, defs);
	json_object_object_foreach(record, key, value)
		json_object_object_add(root, key, json_object_get(value));
	json_object_put(record);
	json_object_object_add(root, "$defs", defs);
	puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
							  JSON_C_TO_STRING_SPACED |
							  JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
}

/* --- the page --- */

static const char intro[] =
	"# The record\n\n"
	"<!-- Made from the tables of src/output/json_members.c: cmake --build DIR --target "
	"record-docs -->\n\n"
	"What `migpop trace --format json`, `migpop serve` and the other commands write of one "
	"window: one JSON object of the schema\n"
	"`" RECORD_SCHEMA "`. The same for programs: `schema/migpop.record-2.json` (JSON Schema, "
	"draft 2020-12), installed to\n"
	"`share/migpop/schema`. Records of `" RECORD_SCHEMA_1 "`, of the releases before, are read "
	"as well.\n\n"
	"* Counts of pages are in base pages, whose size is `host.page_size`. Times are in "
	"nanoseconds where a name ends in `_ns`.\n"
	"* Null is what could not be known: in that mode, of that process, without a monitor. It "
	"is never 0 for that reason.\n"
	"* All members are there, but for those that are called optional: these are left out "
	"where there is nothing to say.\n"
	"* Words are of closed lists, below.\n"
	"* Later releases may add members: pass over those that you do not know, as `report` "
	"does.\n"
	"* `populated` is what the kernel allocated memory for; `zero_populated`, what it "
	"allocated for a read of a hole: its content\n"
	"  is zero by construction.\n\n";

static bool has_members(const struct member *m)
{
	return m->type == TYPE_OBJECT || m->type == TYPE_ARRAY || m->type == TYPE_FIRST;
}

/* "callsites[].frames[]": the member "m" of what is at "path". */
static void put_path(char *out, size_t size, const char *path, const struct member *m)
{
	snprintf(out, size, "%s%s%s%s", path, *path ? "." : "", m->name,
		 m->type == TYPE_ARRAY ? "[]" : "");
}

/* Where the members "wanted" are told of: the first place that has them. */
static bool find_place(const char *path, const struct member *table, const struct member *wanted,
		       char *out, size_t size)
{
	for (const struct member *m = table; m->name; m++) {
		char inner[128];

		if (!has_members(m))
			continue;
		put_path(inner, sizeof(inner), path, m);
		if (m->members == wanted) {
			snprintf(out, size, "%s", inner);
			return true;
		}
		if (find_place(inner, m->members, wanted, out, size))
			return true;
	}
	return false;
}

/* Is the member at "path" the first place of its members? Else "at" is. */
static bool is_first_place(const char *path, const struct member *m, char *at, size_t size)
{
	return find_place("", record_members, m->members, at, size) && !strcmp(path, at);
}

static void write_type(const struct member *m, const char *path)
{
	static const char *const types[] = {
		[TYPE_SCHEMA] = "`" RECORD_SCHEMA "`",
		[TYPE_STRING] = "string",
		[TYPE_TIME] = "time",
		[TYPE_WORD] = "[word](#words)",
		[TYPE_ENUM] = "[word](#words)",
		[TYPE_COUNT] = "count",
		[TYPE_SIGNED] = "whole number",
		[TYPE_U32] = "count",
		[TYPE_U64] = "count",
		[TYPE_DOUBLE] = "number from 0 up",
		[TYPE_BOOL] = "boolean",
		[TYPE_OBJECT] = "object",
		[TYPE_ARRAY] = "array of objects",
		[TYPE_FIRST] = "object",
		[TYPE_STRINGS] = "array of strings",
		[TYPE_COUNTS] = "object of counts",
	};
	char inner[128], at[128];

	fputs(types[m->type], stdout);
	put_path(inner, sizeof(inner), path, m);
	if (has_members(m) && !is_first_place(inner, m, at, sizeof(at)))
		printf(" as `%s`", at);
	if (has_null(m))
		fputs(" or null", stdout);
	if (m->optional)
		fputs(", optional", stdout);
}

static void write_table(const char *path, const struct member *table)
{
	char inner[128], at[128];

	printf(*path ? "## `%s`\n\n" : "## All of it\n\n", path);
	puts("| member | is | |\n| --- | --- | --- |");
	for (const struct member *m = table; m->name; m++) {
		printf("| `%s` | ", m->name);
		write_type(m, path);
		printf(" | %s |\n", m->says);
	}
	putchar('\n');
	for (const struct member *m = table; m->name; m++) {
		put_path(inner, sizeof(inner), path, m);
		if (has_members(m) && is_first_place(inner, m, at, sizeof(at)))
			write_table(inner, m->members);
	}
}

static void write_words_in(const char *path, const struct member *table)
{
	const char *words[NAMES_VALUES];
	char inner[128], at[128];

	for (const struct member *m = table; m->name; m++) {
		put_path(inner, sizeof(inner), path, m);
		if (has_members(m) && is_first_place(inner, m, at, sizeof(at)))
			write_words_in(inner, m->members);
		if (m->type != TYPE_WORD && m->type != TYPE_ENUM)
			continue;
		printf("* `%s`:", inner);
		if (m->set == NAMES_ERRNO) {
			puts(" the kernel's names of errors: `EACCES`, ...");
			continue;
		}
		for (size_t i = 0, n = words_of(m, words); i < n; i++)
			printf(" `%s`%s", words[i], i + 1 < n ? "," : "\n");
	}
}

static void write_docs(void)
{
	fputs(intro, stdout);
	write_table("", record_members);
	puts("## Words\n\n"
	     "A word that a release does not know is read as `other`, where that is in the "
	     "list.\n");
	write_words_in("", record_members);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "schema"))
		write_schema();
	else if (argc == 2 && !strcmp(argv[1], "docs"))
		write_docs();
	else
		return 2;
	return fflush(stdout) || ferror(stdout);
}
