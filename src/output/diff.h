/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two records side by side: a thing that is in both records is one row, and the row with the
 * largest change comes first. It must not know where the records come from, nor what was changed
 * between them.
 */
#ifndef MIGPOP_OUTPUT_DIFF_H
#define MIGPOP_OUTPUT_DIFF_H

#include "output/text.h"
#include "record.h"

#include <stdbool.h>
#include <stdio.h>

#define DIFF_SCHEMA "migpop.diff/1"

enum diff_side { DIFF_BASE, DIFF_FIXED };
enum diff_count { DIFF_POPULATED, DIFF_ZERO, DIFF_RELEASED, DIFF_FAULTS, DIFF_NR_COUNTS };

struct diff_row {
	char *key; /* of categories and memory: the name; of call sites: a text that is equal for
		      equal call sites */
	/* the thing in one of the records that have it; NULL if the row is about another kind of
	 * thing */
	const struct record_callsite *site;
	const struct record_backing *backing;
	bool in[2];
	int64_t count[2][DIFF_NR_COUNTS]; /* 0 if the record does not have the thing */
};

struct diff_table {
	struct diff_row *v;
	size_t n;
};

struct diff_total {
	const char *name, *text; /* its name in JSON and on screen */
	bool is_time;            /* true: nanoseconds; false: a count */
	int64_t n[2];
};

enum { DIFF_NR_TOTALS = 7 };

struct diff {
	const struct record *record[2]; /* both must outlive this */
	struct diff_total totals[DIFF_NR_TOTALS];
	struct diff_table categories, backings, callsites;
};

/*
 * Compares two records. Call sites are equal if category, access, context, system call and the
 * names of their functions are equal, in whichever process: offsets change with each build.
 * Functions without a name are equal only within one build, recognised by its build-id. Returns 0
 * or -ENOMEM; free with diff__clear() in either case.
 */
int diff__make(struct diff *d, const struct record *base, const struct record *fixed);
void diff__clear(struct diff *d);

/* Returns fixed - base; RECORD_UNKNOWN if one of them is. It never overflows. */
int64_t diff__change(int64_t base, int64_t fixed);

const char *diff_count__name(enum diff_count k);

/* Write the comparison to "f". Return 0 or a negative errno. */
int output_diff__text(const struct diff *d, FILE *f, const struct text_options *opt);
int output_diff__json(const struct diff *d, FILE *f);

#endif
