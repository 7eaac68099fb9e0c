// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Picks out the rows of a record that an expectation is about, and sums up a column of them: what
 * is known of it, and how much more it may be where the record has a null.
 */
#include "sum.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

enum match { NO, YES, UNKNOWN };

static const char *const section_names[] = {"callsites", "accounting", "advice", "backing", "lost"};

static enum match match_value(struct json_object *value, const char *pattern)
{
	const char *text = NULL;

	if (json_object_is_type(value, json_type_string))
		text = json_object_get_string(value);
	if (!text)
		return UNKNOWN;
	return fnmatch(pattern, text, 0) ? NO : YES;
}

/*
 * A symbol that is null is one that could not be found, which those of a route program can. A call
 * site in user context is in no system call. Any other null may be anything.
 */
static enum match match_field(struct json_object *row, const struct filter *filter)
{
	const char *context = get_string(row, "context");
	struct json_object *frames, *value;

	if (key__is_of_frame(filter->key)) {
		frames = get(row, "frames");
		value = length_of(frames) ? get(json_object_array_get_idx(frames, 0), filter->key)
					  : NULL;
		return value ? match_value(value, filter->pattern) : NO;
	}
	value = get(row, filter->key);
	if (!value && !strcmp(filter->key, "syscall") && context && !strcmp(context, "user"))
		return NO;
	return match_value(value, filter->pattern);
}

static enum match both(enum match a, enum match b)
{
	if (a == NO || b == NO)
		return NO;
	return a == YES && b == YES ? YES : UNKNOWN;
}

/* The filters on the row itself; those on backing[] are left to match_backing. */
static enum match match_row(const struct expectation *exp, struct json_object *row)
{
	bool callsites = exp->column->section == CALLSITES;
	enum match match = YES;

	for (size_t i = 0; i < exp->filter_count; i++)
		if (!callsites || !key__is_of_backing(exp->filters[i].key))
			match = both(match, match_field(row, &exp->filters[i]));
	return match;
}

static enum match match_backing(const struct expectation *exp, struct json_object *backing)
{
	enum match match = YES;

	for (size_t i = 0; i < exp->filter_count; i++)
		if (key__is_of_backing(exp->filters[i].key))
			match = both(match, match_value(get(backing, exp->filters[i].key),
							exp->filters[i].pattern));
	return match;
}

static bool filters_backing(const struct expectation *exp)
{
	for (size_t i = 0; i < exp->filter_count; i++)
		if (key__is_of_backing(exp->filters[i].key))
			return true;
	return false;
}

static void add(struct sum *sum, const struct column *column, enum match match,
		struct json_object *value)
{
	long long number;

	if (match == NO)
		return;
	sum->rows++;
	if (!is_number(value)) {
		sum->has_null = sum->unbounded = true;
		return;
	}
	number = json_object_get_int64(value);
	if (column->absolute && number < 0)
		number = -number;
	if (match == YES) {
		sum->known += number;
	} else if (number) {
		sum->has_null = true;
		sum->possible += number;
	}
}

/* A figure of the whole call site, where only some of its memory may be meant. */
static void add_by_backing(struct sum *sum, const struct expectation *exp, enum match row_match,
			   struct json_object *row, struct json_object *backing)
{
	size_t count = length_of(backing), matching = 0, unknown = 0;
	struct json_object *value = get(row, exp->column->field);
	bool zero = is_number(value) && !json_object_get_int64(value);

	for (size_t i = 0; i < count; i++) {
		enum match match = match_backing(exp, json_object_array_get_idx(backing, i));

		matching += match == YES;
		unknown += match == UNKNOWN;
	}
	if (!matching && !unknown)
		return;
	if (zero || matching == count)
		add(sum, exp->column, row_match, value);
	else if (unknown)
		add(sum, exp->column, UNKNOWN, value);
	else
		sum->ambiguous = true;
}

/* The end of the process, and not asked for. */
static bool is_of_exit(const struct expectation *exp, struct json_object *row)
{
	const char *syscall = get_string(row, "syscall");

	for (size_t i = 0; i < exp->filter_count; i++)
		if (!strcmp(exp->filters[i].key, "syscall"))
			return false;
	return syscall && !strcmp(syscall, "exit");
}

static void add_callsite(struct sum *sum, const struct expectation *exp, struct json_object *row)
{
	const struct column *column = exp->column;
	struct json_object *backing = get(row, "backing");
	enum match match = match_row(exp, row);

	if (match == NO || (!strcmp(column->name, "released") && is_of_exit(exp, row)))
		return;
	if (!filters_backing(exp)) {
		add(sum, column, match, get(row, column->field));
	} else if (!json_object_is_type(backing, json_type_array)) {
		add(sum, column, UNKNOWN, get(row, column->field));
	} else if (!column->of_backing) {
		add_by_backing(sum, exp, match, row, backing);
	} else {
		for (size_t i = 0; i < length_of(backing); i++) {
			struct json_object *entry = json_object_array_get_idx(backing, i);

			add(sum, column, both(match, match_backing(exp, entry)),
			    get(entry, column->field));
		}
	}
}

/* lost{} has numbers, objects of numbers, and an array of objects that say of what pages. */
static void add_lost(struct sum *sum, const struct expectation *exp, struct json_object *lost,
		     bool chosen)
{
	json_object_object_foreach(lost, key, value)
	{
		bool inside = chosen;

		for (size_t i = 0; !inside && i < exp->filter_count; i++)
			inside = !fnmatch(exp->filters[i].pattern, key, 0);
		if (json_object_is_type(value, json_type_object))
			add_lost(sum, exp, value, inside);
		else if (json_object_is_type(value, json_type_array))
			for (size_t i = 0; i < length_of(value); i++)
				add(sum, exp->column, inside ? YES : NO,
				    get(json_object_array_get_idx(value, i), "pages"));
		else if (!json_object_is_type(value,
					      json_type_string)) /* the verdict is no count */
			add(sum, exp->column, inside ? YES : NO, value);
	}
}

struct sum sum_up(const struct expectation *exp, struct json_object *record)
{
	struct json_object *section = get(record, section_names[exp->column->section]);
	struct sum sum = {0};

	if (!section) {
		sum.has_null = sum.unbounded = true;
		return sum;
	}
	if (exp->column->section == LOST) {
		if (json_object_is_type(section, json_type_object))
			add_lost(&sum, exp, section, !exp->filter_count);
		return sum;
	}
	for (size_t i = 0; i < length_of(section); i++) {
		struct json_object *row = json_object_array_get_idx(section, i);

		if (exp->column->section == CALLSITES)
			add_callsite(&sum, exp, row);
		else
			add(&sum, exp->column, match_row(exp, row), get(row, exp->column->field));
	}
	return sum;
}
static void mark_callsite(const struct expectation *exp, struct json_object *row,
			  struct marks *marks)
{
	struct json_object *backing = get(row, "backing");

	if (match_row(exp, row) != YES || is_of_exit(exp, row))
		return;
	if (!filters_backing(exp)) {
		marks->all = true;
		return;
	}
	for (size_t i = 0; i < length_of(backing) && i < 64; i++)
		if (match_backing(exp, json_object_array_get_idx(backing, i)) == YES)
			marks->backing |= UINT64_C(1) << i;
}

void mark(const struct expectation *exp, struct json_object *record, struct marks *marks)
{
	struct json_object *sites = get(record, "callsites");

	if (exp->column->section != CALLSITES)
		return;
	for (size_t i = 0; i < length_of(sites); i++)
		mark_callsite(exp, json_object_array_get_idx(sites, i), &marks[i]);
}

struct sum sum_marked(const struct column *column, struct json_object *record,
		      const struct marks *marks)
{
	struct json_object *sites = get(record, "callsites");
	struct sum sum = {0};

	for (size_t i = 0; i < length_of(sites); i++) {
		struct json_object *row = json_object_array_get_idx(sites, i);
		struct json_object *backing = get(row, "backing");

		if (marks[i].all || (marks[i].backing && !column->of_backing)) {
			add(&sum, column, YES, get(row, column->field));
			continue;
		}
		for (size_t j = 0; j < length_of(backing) && j < 64; j++)
			if (marks[i].backing >> j & 1)
				add(&sum, column, YES,
				    get(json_object_array_get_idx(backing, j), column->field));
	}
	return sum;
}
