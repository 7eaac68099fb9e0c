/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two records side by side: what is the same in both is one row, largest change first. It must not
 * know where records come from, nor what was changed between them.
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
	char *key; /* of a category or memory its name; one text for equal call sites else */
	/* what it is, of whichever record has it; NULL where it is something else */
	const struct record_callsite *site;
	const struct record_backing *backing;
	bool in[2];
	int64_t count[2][DIFF_NR_COUNTS]; /* 0 where it is not in that record */
};

struct diff_table {
	struct diff_row *v;
	size_t n;
};

struct diff_total {
	const char *name, *text; /* in JSON and on screen */
	bool is_time;            /* in nanoseconds, else a count */
	int64_t n[2];
};

enum { DIFF_NR_TOTALS = 7 };

struct diff {
	const struct record *record[2]; /* to outlive this */
	struct diff_total totals[DIFF_NR_TOTALS];
	struct diff_table categories, backings, callsites;
};

/*
 * Call sites are equal by category, access, context, system call and the names of their functions,
 * in whichever process: offsets change with each build. Functions without a name are equal in one
 * build (by build-id) only. 0 or -ENOMEM; free with diff__clear in either case.
 */
int diff__make(struct diff *d, const struct record *base, const struct record *fixed);
void diff__clear(struct diff *d);

/* fixed - base; RECORD_UNKNOWN if either is, and never an overflow. */
int64_t diff__change(int64_t base, int64_t fixed);

const char *diff_count__name(enum diff_count k);

/* 0 or negative errno. */
int output_diff__text(const struct diff *d, FILE *f, const struct text_options *opt);
int output_diff__json(const struct diff *d, FILE *f);

#endif
