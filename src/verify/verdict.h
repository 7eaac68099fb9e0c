/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does a fix reduce population, and is memory intact? The verdict on migrations without and with
 * it, from their records and from what was measured beside them. Plain data and a pure function: it
 * must not know how migrations are made, nor how a verdict is shown.
 */
#ifndef MIGPOP_VERIFY_VERDICT_H
#define MIGPOP_VERIFY_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"
#include "verify/page_set.h"

enum verify_run_id { RUN_STOCK, RUN_FIXED, NR_RUNS };
enum verify_end_id { END_SOURCE, END_DESTINATION, NR_ENDS };

struct verify_end {
	struct record *record; /* owned; NULL: there is none of this end */
	int64_t rss_before;    /* pages, huge ones among them; RECORD_UNKNOWN */
	int64_t rss_after;
	char *said; /* owned: what the fix said of itself; NULL for nothing */
};

struct verify_run {
	struct verify_end end[NR_ENDS];
	/* As QEMU says of its migration; RECORD_UNKNOWN where it does not. */
	int64_t total_ms, downtime_ms, setup_ms;
	int64_t pages; /* sent, zero ones among them */
	int64_t syncs; /* of the dirty pages: one before each round of precopy, two at its end */
	bool compared; /* were the contents of both ends? */
	struct page_set differing;
};

struct verification {
	struct verify_run run[NR_RUNS];
	bool judged[NR_ENDS]; /* the fix is to work there */
	bool preallocated;    /* no page of the guest may go */
	int64_t guest_pages;  /* RECORD_UNKNOWN */
	double max_ratio;     /* of zero-populated pages, fixed to stock */
};

/* All of it unknown, both ends judged. */
void verification__init(struct verification *v);
void verification__clear(struct verification *v);

enum verify_verdict {
	VERDICT_FIXED,
	VERDICT_ALREADY_SPARSE, /* stock does not show the problem */
	VERDICT_NOT_FIXED,
	VERDICT_CORRUPT,
	VERDICT_UNBALANCED, /* figures that do not add up prove nothing */
};

/* "fixed", ... */
const char *verify_verdict__name(enum verify_verdict verdict);
/* Is the answer yes? */
bool verify_verdict__holds(enum verify_verdict verdict);

enum verify_result { RESULT_HOLDS, RESULT_FAILS, RESULT_NOT_KNOWN };

/* "holds", "fails", "not known" */
const char *verify_result__name(enum verify_result result);

/* One condition of the verdict. */
struct verify_check {
	const char *name; /* static: "content", ... */
	const char *what; /* static: what is to hold */
	enum verify_result result;
	char detail[320]; /* one line with the figures */
};

enum { VERIFY_MAX_CHECKS = 6, VERIFY_FIRST_DIFFERING = 8 };

/* Fixed to stock; NAN where it cannot be said. */
struct verify_ratio {
	double zero_populated; /* of the judged ends together */
	double total_time;
	double rss_growth[NR_ENDS];
};

struct verify_judgement {
	enum verify_verdict verdict;
	struct verify_check checks[VERIFY_MAX_CHECKS];
	size_t nr_checks;
	struct verify_ratio ratio;
	/* Pages that differ after the fixed run and are equal after the stock one. */
	uint64_t corrupted;
	uint64_t first_corrupted[VERIFY_FIRST_DIFFERING]; /* as many as there are */
};

void verify__judge(const struct verification *v, struct verify_judgement *j);

#endif
