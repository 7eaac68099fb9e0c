// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Refuses a record that is of another schema or program, that saw no fault, or that contradicts
 * itself: its totals, its call sites and their backing, its threads.
 */
#define _GNU_SOURCE
#include "sound.h"

#include "sum.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SCHEMA "migpop.record/2"

static void complain(unsigned int *failures, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void complain(unsigned int *failures, const char *fmt, ...)
{
	va_list args;

	fputs("FAIL record refused: ", stdout);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	(*failures)++;
}

static void check_callsite(struct json_object *site, size_t index, unsigned int *failures)
{
	struct json_object *populated = get(site, "populated_pages");
	struct json_object *zero = get(site, "zero_populated_pages");
	struct json_object *backing = get(site, "backing");
	long long sum = 0;

	if (is_number(populated) && is_number(zero) &&
	    json_object_get_int64(zero) > json_object_get_int64(populated))
		complain(failures, "callsites[%zu] has more zero pages than pages", index);
	if (!is_number(populated) || !length_of(backing))
		return;
	for (size_t i = 0; i < length_of(backing); i++) {
		struct json_object *pages = get(json_object_array_get_idx(backing, i),
						"populated_pages");

		if (!is_number(pages))
			return;
		sum += json_object_get_int64(pages);
	}
	if (sum != json_object_get_int64(populated))
		complain(failures, "callsites[%zu] has %lld populated pages, its backing %lld",
			 index, (long long)json_object_get_int64(populated), sum);
}

static void check_totals(struct json_object *record, unsigned int *failures)
{
	struct json_object *totals = get(record, "totals");
	struct json_object *faults = get(totals, "faults");
	struct json_object *populated = get(totals, "populated_pages");
	struct expectation all = {.column = column__find("populated")};
	struct sum sum = sum_up(&all, record);

	if (!is_number(faults) || json_object_get_int64(faults) <= 0)
		complain(failures, "totals.faults is %s", json_object_to_json_string(faults));
	if (is_number(populated) && !sum.has_null && sum.known != json_object_get_int64(populated))
		complain(failures, "totals.populated_pages is %lld, the call sites sum up to %lld",
			 (long long)json_object_get_int64(populated), sum.known);
}

/* Each page and fault is some thread's; what none is told of is a row without an id. */
static void check_threads(struct json_object *record, const char *name, unsigned int *failures)
{
	struct json_object *total = get(get(record, "totals"), name);
	struct json_object *threads = get(record, "threads");
	long long sum = 0;

	for (size_t i = 0; i < length_of(threads); i++) {
		struct json_object *thread = json_object_array_get_idx(threads, i);

		sum += json_object_get_int64(get(thread, name));
		if (!json_object_get_int64(get(thread, "tid")))
			complain(failures, "%s: %s are no thread's", name,
				 json_object_to_json_string(get(thread, name)));
	}
	if (is_number(total) && sum != json_object_get_int64(total))
		complain(failures, "totals.%s is %lld, the threads sum up to %lld", name,
			 (long long)json_object_get_int64(total), sum);
}

unsigned int count_contradictions(struct json_object *record, const char *route)
{
	const char *schema = get_string(record, "schema");
	const char *exe = get_string(get(record, "target"), "exe");
	struct json_object *callsites = get(record, "callsites");
	unsigned int failures = 0;

	if (!schema || strcmp(schema, SCHEMA) != 0)
		complain(&failures, "schema is %s, not " SCHEMA, schema ? schema : "missing");
	if (!exe || strcmp(basename(exe), route) != 0)
		complain(&failures, "target.exe is %s, not %s", exe ? exe : "missing", route);
	check_totals(record, &failures);
	check_threads(record, "faults", &failures);
	check_threads(record, "populated_pages", &failures);
	check_threads(record, "released_pages", &failures);
	for (size_t i = 0; i < length_of(callsites); i++)
		check_callsite(json_object_array_get_idx(callsites, i), i, &failures);
	return failures;
}
