/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict: does a fix reduce population, and is memory intact? It is reached from the records
 * of migrations without and with the fix, and from what was measured beside them. Plain data and a
 * pure function: it must not know how migrations are made, nor how a verdict is shown.
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
	struct record *record; /* owned; NULL: there is no record of this end */
	int64_t rss_before;    /* in pages, including huge pages; RECORD_UNKNOWN if not known */
	int64_t rss_after;
	char *said; /* owned: the first line that the fix printed; NULL if none */
};

struct verify_run {
	struct verify_end end[NR_ENDS];
	/* What QEMU says of its migration; RECORD_UNKNOWN if it does not. */
	int64_t total_ms, downtime_ms, setup_ms;
	int64_t pages; /* pages sent, including zero pages */
	int64_t syncs; /* how often QEMU looked for dirty pages: before each round of precopy, and
			  twice at its end */
	bool compared; /* the guest's memory was compared */
	struct page_set differing;
};

struct verification {
	struct verify_run run[NR_RUNS];
	bool judged[NR_ENDS]; /* the fix should work at this end */
	bool preallocated;    /* no page of the guest may be given back */
	int64_t guest_pages;  /* RECORD_UNKNOWN if not known */
	double max_ratio; /* most pages populated by reading zeros, as a ratio of fixed to stock */
};

/* Sets everything to unknown, and both ends to be judged. */
void verification__init(struct verification *v);
void verification__clear(struct verification *v);

enum verify_verdict {
	VERDICT_FIXED,
	VERDICT_ALREADY_SPARSE, /* stock does not show the problem */
	VERDICT_NOT_FIXED,
	VERDICT_CORRUPT,
	VERDICT_UNBALANCED, /* the figures do not add up, so they prove nothing */
};

/* The word of a verdict, such as "fixed". */
const char *verify_verdict__name(enum verify_verdict verdict);
/* True if the verdict means yes: exit status 0. */
bool verify_verdict__holds(enum verify_verdict verdict);

enum verify_result { RESULT_HOLDS, RESULT_FAILS, RESULT_NOT_KNOWN };

/* The words "holds", "fails", "not known". */
const char *verify_result__name(enum verify_result result);

/* A condition of the verdict. */
struct verify_check {
	const char *name; /* static: a name for programs, such as "content" */
	const char *what; /* static: the condition as a sentence for people */
	enum verify_result result;
	char detail[320]; /* one line with the figures */
};

enum { VERIFY_MAX_CHECKS = 6, VERIFY_FIRST_DIFFERING = 8 };

/* Ratios of fixed to stock; NAN if not known. */
struct verify_ratio {
	double zero_populated; /* summed over the ends that are judged */
	double total_time;
	double rss_growth[NR_ENDS];
};

struct verify_judgement {
	enum verify_verdict verdict;
	struct verify_check checks[VERIFY_MAX_CHECKS];
	size_t nr_checks;
	struct verify_ratio ratio;
	/* Pages that differ after the fixed migration but not after the stock one: how many, and
	 * the first of them. */
	uint64_t corrupted;
	uint64_t first_corrupted[VERIFY_FIRST_DIFFERING]; /* as many as there are */
};

void verify__judge(const struct verification *v, struct verify_judgement *j);

#endif
