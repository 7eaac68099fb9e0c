/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One expectation of a route program, as it is read from a line: which figure of which rows of a
 * record must be which number. Must not know a record. The grammar is on top of main.c.
 */
#ifndef CHECK_EXPECTATION_H
#define CHECK_EXPECTATION_H

#include <stdbool.h>
#include <stddef.h>

#define MAX_FILTERS 8

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

/* NULL: there is none of this name. */
const struct column *column__find(const char *name);

/* Whether a key is of the entries of backing[], or of frames[0]; all others are of the row itself. */
bool key__is_of_backing(const char *key);
bool key__is_of_frame(const char *key);

/* Takes "expect …" apart; the parts point into @line. Returns what is wrong, or NULL. */
const char *expectation__parse(char *line, struct expectation *exp);

#endif
