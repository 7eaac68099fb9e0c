// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * trace-check RECORD.json EXPECT.txt [COUNTS]: does a record (schema migpop.record/2) say of a
 * route program exactly what the program says of itself? Knows the schema, not the tracer and not
 * the routes. Exit status: 0 it does, 1 it does not, 2 cannot tell (usage, unreadable file, bad
 * expectation).
 *
 * Expectations, one a line:
 *
 *	route NAME		first; the base name of target.exe in the record must be NAME
 *	expect COLUMN NUMBER [KEY=PATTERN…] [unless-null]
 *	done			last; without it the program did not come to its end
 *	# comment
 *
 * NUMBER is what the rows that match every KEY=PATTERN must sum up to, exactly. Rows that do not
 * match count nothing, so no row at all is 0. PATTERN is a shell pattern (fnmatch).
 *
 *	COLUMN				summed over	KEY
 *	faults populated		callsites[]	kind name (of backing[]), symbol function
 *	zero_populated released				module (of frames[0]), access context
 *							syscall category
 *	kernel traced			accounting[]	kind name
 *	residual			accounting[]	kind name; the sum is of absolute values
 *	residual_permille		accounting[]	kind name; NUMBER is the largest allowed
 *							|residual| in thousandths of the traced
 *							pages
 *	advice_calls advice_failed	advice[]	call behavior error (by name: EINVAL)
 *	advice_bytes advice_released
 *	zero_written looked		backing[]	kind name; needs a row that matches
 *	lost				lost{}		what (events, stacks, …); all numbers in it
 *	fault_ns			callsites[]	as above; NUMBER is by the program's clock,
 *							and the sum must be within 30 % of it
 *
 * Where kind or name is given, pages are summed over the entries of backing[] that match. "faults"
 * is a figure of the whole call site: it counts if all of its backing matches, and it is a failure
 * if only some does and the figure is not 0. The residual ones need a row that matches.
 *
 * What goes when the process ends is released at syscall "exit": "released" leaves it out, but
 * where KEY names a syscall.
 *
 * A null says that the mode cannot know. Where an expectation meets one, as a figure or as what a
 * KEY asks for, it fails; but with unless-null it holds if the known figures and the unknown ones
 * *could* sum up to NUMBER: a wrong number never passes, nor does a record that has neither number
 * nor null. (No null in this sense: the symbol of a frame, and the system call of a user fault.)
 *
 * COUNTS is written where all of it holds, for kernels and modes to be compared: one line,
 *
 *	NAME POPULATED ZERO_POPULATED RELEASED FAULTS FAULT_NS
 *
 * summed over all that the expectations pick out, each row and each part of it once, whichever
 * column they are about. FAULT_NS is "known", as times are no counts. A figure may be null.
 *
 * Whatever is expected, a record is refused if it is of another schema or program, if it saw no
 * fault, or if it contradicts itself (totals, call sites and their backing, threads).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fnmatch.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA        "migpop.record/2"
#define MAX_FILTERS   8
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum match { NO, YES, UNKNOWN };

enum section { CALLSITES, ACCOUNTING, ADVICE, BACKING, LOST };

struct column {
	const char *name;
	enum section section;
	const char *field;
	bool absolute;
	bool needs_row;
	bool of_backing; /* the entries of backing[] have it too */
};

struct filter {
	const char *key;
	const char *pattern;
};

struct expectation {
	const struct column *column;
	long long number;
	struct filter filters[MAX_FILTERS];
	size_t filter_count;
	bool unless_null;
};

/* What is known, and how much more it may be. */
struct sum {
	long long known;
	long long possible;
	bool unbounded;
	bool has_null;
	bool ambiguous;
	size_t rows;
};

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

/* Two clocks around the same faults, which see a little more or less of what surrounds them. */
enum { FAULT_NS_PERCENT = 30 };

static const struct column *find_column(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		if (!strcmp(columns[i].name, name))
			return &columns[i];
	return NULL;
}

static const char *const section_names[] = {"callsites", "accounting", "advice", "backing", "lost"};

/* Absent and null are the same: not known. */
static struct json_object *get(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, key, &value);
	return value;
}

static const char *get_string(struct json_object *object, const char *key)
{
	struct json_object *value = get(object, key);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static bool is_number(struct json_object *value)
{
	return json_object_is_type(value, json_type_int);
}

static size_t length_of(struct json_object *array)
{
	return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

static enum match match_value(struct json_object *value, const char *pattern)
{
	const char *text = NULL;

	if (json_object_is_type(value, json_type_string))
		text = json_object_get_string(value);
	if (!text)
		return UNKNOWN;
	return fnmatch(pattern, text, 0) ? NO : YES;
}

static bool is_backing_key(const char *key)
{
	return !strcmp(key, "kind") || !strcmp(key, "name");
}

static bool is_frame_key(const char *key)
{
	return !strcmp(key, "symbol") || !strcmp(key, "function") || !strcmp(key, "module");
}

/*
 * A symbol that is null is one that could not be found, which those of a route program can. A call
 * site in user context is in no system call. Any other null may be anything.
 */
static enum match match_field(struct json_object *row, const struct filter *filter)
{
	const char *context = get_string(row, "context");
	struct json_object *frames, *value;

	if (is_frame_key(filter->key)) {
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
		if (!callsites || !is_backing_key(exp->filters[i].key))
			match = both(match, match_field(row, &exp->filters[i]));
	return match;
}

static enum match match_backing(const struct expectation *exp, struct json_object *backing)
{
	enum match match = YES;

	for (size_t i = 0; i < exp->filter_count; i++)
		if (is_backing_key(exp->filters[i].key))
			match = both(match, match_value(get(backing, exp->filters[i].key),
							exp->filters[i].pattern));
	return match;
}

static bool filters_backing(const struct expectation *exp)
{
	for (size_t i = 0; i < exp->filter_count; i++)
		if (is_backing_key(exp->filters[i].key))
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

static struct sum sum_up(const struct expectation *exp, struct json_object *record)
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

static bool is_number_expected(const struct expectation *exp, long long found)
{
	if (strcmp(exp->column->name, "fault_ns") != 0)
		return found == exp->number;
	return llabs(found - exp->number) * 100 <= exp->number * FAULT_NS_PERCENT;
}

/* Says why not; NULL if it holds. */
static const char *judge(const struct expectation *exp, const struct sum *sum,
			 const struct sum *traced)
{
	static char text[160];
	bool could;

	if (sum->ambiguous)
		return "a call site with other memory besides, which the figure cannot be told "
		       "from";
	if (exp->column->needs_row && !sum->rows)
		return "no such row";
	if (sum->has_null && !exp->unless_null) {
		snprintf(text, sizeof(text), "%lld and a null", sum->known);
		return text;
	}
	if (traced) {
		if (sum->has_null || traced->has_null ||
		    sum->known * 1000 <= exp->number * traced->known)
			return NULL;
		snprintf(text, sizeof(text), "residual %lld of %lld traced", sum->known,
			 traced->known);
		return text;
	}
	could = sum->has_null && sum->known <= exp->number &&
		(sum->unbounded || exp->number <= sum->known + sum->possible);
	if (is_number_expected(exp, sum->known) || could)
		return NULL;
	snprintf(text, sizeof(text), "%lld%s", sum->known, sum->has_null ? " and a null" : "");
	return text;
}

static bool holds(const struct expectation *exp, struct json_object *record, const char *line)
{
	bool permille = !strcmp(exp->column->name, "residual_permille");
	struct expectation of_traced = *exp;
	struct sum sum = sum_up(exp, record), traced = {0};
	const char *found;

	line += strlen("expect ");
	if (permille) {
		of_traced.column = find_column("traced");
		traced = sum_up(&of_traced, record);
	}
	found = judge(exp, &sum, permille ? &traced : NULL);
	if (found)
		printf("FAIL expected %s\n     found %s\n", line, found);
	else
		printf("  ok %s%s\n", line, sum.has_null ? "   (null)" : "");
	return !found;
}

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
	struct expectation all = {.column = &columns[1]};
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

/* What no expectation can make up for. */
static unsigned int check_record(struct json_object *record, const char *route)
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

static bool key_is_known(enum section section, const char *key)
{
	static const char *const keys[][6] = {
		[CALLSITES] = {"access", "context", "syscall", "category", NULL},
		[ACCOUNTING] = {"kind", "name", NULL},
		[ADVICE] = {"call", "behavior", "error", NULL},
		[BACKING] = {"kind", "name", NULL},
		[LOST] = {"what", NULL},
	};

	if (section == CALLSITES && (is_backing_key(key) || is_frame_key(key)))
		return true;
	for (size_t i = 0; keys[section][i]; i++)
		if (!strcmp(keys[section][i], key))
			return true;
	return false;
}

/* Takes "expect …" apart; the parts point into line. Returns what is wrong, or NULL. */
static const char *parse(char *line, struct expectation *exp)
{
	char *word, *end, *value, *rest = line;

	strtok_r(rest, " ", &rest);
	word = strtok_r(NULL, " ", &rest);
	exp->column = word ? find_column(word) : NULL;
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

/* What of a call site some expectation picked out. */
struct marks {
	bool all;
	uint64_t backing; /* else these entries of it */
};

struct tally {
	char route[256];
	unsigned int checked;
	unsigned int failed;
	bool done;
	struct marks *marks; /* of each call site */
};

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

static void mark(const struct expectation *exp, struct json_object *record, struct marks *marks)
{
	struct json_object *sites = get(record, "callsites");

	if (exp->column->section != CALLSITES)
		return;
	for (size_t i = 0; i < length_of(sites); i++)
		mark_callsite(exp, json_object_array_get_idx(sites, i), &marks[i]);
}

static struct sum sum_marked(const struct column *column, struct json_object *record,
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

static int write_counts(const char *path, const struct tally *tally, struct json_object *record)
{
	static const char *const names[] = {"populated", "zero_populated", "released", "faults",
					    "fault_ns"};
	FILE *file = fopen(path, "we");

	if (!file)
		return -errno;
	fputs(tally->route, file);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct sum sum = sum_marked(find_column(names[i]), record, tally->marks);

		if (sum.has_null)
			fputs(" null", file);
		else if (!strcmp(names[i], "fault_ns"))
			fputs(" known", file);
		else
			fprintf(file, " %lld", sum.known);
	}
	fputc('\n', file);
	return fclose(file) ? -errno : 0;
}

static int check_line(char *line, struct json_object *record, struct tally *tally)
{
	struct expectation exp = {0};
	const char *wrong;
	char *parts;

	if (!*line || *line == '#')
		return 0;
	if (tally->done) {
		fprintf(stderr, "trace-check: a line after done: %s\n", line);
		return -EINVAL;
	}
	if (!strcmp(line, "done")) {
		tally->done = true;
		return 0;
	}
	if (sscanf(line, "route %255s", tally->route) == 1) {
		tally->failed += check_record(record, tally->route);
		return 0;
	}
	if (strncmp(line, "expect ", 7) != 0 || !tally->route[0]) {
		fprintf(stderr, "trace-check: neither route nor expect: %s\n", line);
		return -EINVAL;
	}
	parts = strdup(line);
	wrong = parts ? parse(parts, &exp) : "out of memory";
	if (wrong) {
		fprintf(stderr, "trace-check: %s: %s\n", wrong, line);
	} else {
		tally->checked++;
		tally->failed += !holds(&exp, record, line);
		mark(&exp, record, tally->marks);
	}
	free(parts);
	return wrong ? -EINVAL : 0;
}

static int check_all(struct json_object *record, FILE *file, struct tally *tally)
{
	char line[1024];
	int err = 0;

	while (!err && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		err = check_line(line, record, tally);
	}
	if (!err && (!tally->done || !tally->checked)) {
		fprintf(stderr, "trace-check: the expectations have no %s\n",
			tally->done ? "expectation" : "end: the program did not come to it");
		err = -EINVAL;
	}
	return err;
}

/* What the arguments name, opened. */
static int check_files(struct json_object *record, FILE *file, const char *counts)
{
	struct tally tally = {0};
	int err;

	tally.marks = calloc(length_of(get(record, "callsites")) + 1, sizeof(*tally.marks));
	err = tally.marks ? check_all(record, file, &tally) : -ENOMEM;
	if (!err)
		printf("%s: %u of %u expectations hold%s\n", tally.route,
		       tally.failed < tally.checked ? tally.checked - tally.failed : 0,
		       tally.checked, tally.failed ? "" : ", the record is sound");
	if (!err && !tally.failed && counts) {
		err = write_counts(counts, &tally, record);
		if (err)
			fprintf(stderr, "trace-check: %s: %s\n", counts, strerror(-err));
	}
	free(tally.marks);
	if (err)
		return 2;
	return tally.failed ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct json_object *record;
	int status = 2;
	FILE *file;

	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: trace-check RECORD.json EXPECT.txt [COUNTS]\n");
		return 2;
	}
	record = json_object_from_file(argv[1]);
	if (!record) {
		fprintf(stderr, "trace-check: %s\n", json_util_get_last_err());
		return 2;
	}
	file = fopen(argv[2], "re");
	if (file) {
		status = check_files(record, file, argv[3]);
		fclose(file);
	} else {
		fprintf(stderr, "trace-check: %s: %s\n", argv[2], strerror(errno));
	}
	json_object_put(record);
	return status;
}
