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
#include "sound.h"
#include "sum.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Two clocks around the same faults, which see a little more or less of what surrounds them. */
enum { FAULT_NS_PERCENT = 30 };

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
		of_traced.column = column__find("traced");
		traced = sum_up(&of_traced, record);
	}
	found = judge(exp, &sum, permille ? &traced : NULL);
	if (found)
		printf("FAIL expected %s\n     found %s\n", line, found);
	else
		printf("  ok %s%s\n", line, sum.has_null ? "   (null)" : "");
	return !found;
}

struct tally {
	char route[256];
	unsigned int checked;
	unsigned int failed;
	bool done;
	struct marks *marks; /* of each call site */
};

static int write_counts(const char *path, const struct tally *tally, struct json_object *record)
{
	static const char *const names[] = {"populated", "zero_populated", "released", "faults",
					    "fault_ns"};
	FILE *file = fopen(path, "we");

	if (!file)
		return -errno;
	fputs(tally->route, file);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct sum sum = sum_marked(column__find(names[i]), record, tally->marks);

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
		tally->failed += count_contradictions(record, tally->route);
		return 0;
	}
	if (strncmp(line, "expect ", 7) != 0 || !tally->route[0]) {
		fprintf(stderr, "trace-check: neither route nor expect: %s\n", line);
		return -EINVAL;
	}
	parts = strdup(line);
	wrong = parts ? expectation__parse(parts, &exp) : "out of memory";
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
