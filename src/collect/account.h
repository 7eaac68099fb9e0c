/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The books: what was counted between two snapshots, a file or a process each, beside what the
 * kernel's own figures changed by, and how uncertain that is. Pure: a function of plain data.
 */
#ifndef MIGPOP_COLLECT_ACCOUNT_H
#define MIGPOP_COLLECT_ACCOUNT_H

#include <stdbool.h>

#include "collect/counters.h"
#include "record.h"

struct account_target {
	u32 pid;
	struct figures now; /* by /proc, where the kernel has not closed its books */
	bool stands_at_end; /* "now" is exact, and of its end */
};

/* What the snapshots themselves do not say. Pages. */
struct account_facts {
	const struct account_target *targets;
	size_t nr_targets;
	bool windowed;     /* the one target has a window of its own, and others are counted too */
	bool counts_files; /* who fills the page cache of ordinary files is seen */
	int64_t slack; /* each figure of private memory may be off by that at each edge; 0: exact */
	int64_t slack_now;      /* "now" may be, of one that lives */
	int64_t pages_of_fault; /* most that one fault in private memory allocates, 1 or more */
	int64_t waiting;        /* at most so many that are let go wait to be freed */
	int64_t page_size;
	const u64 *pages_again; /* of after->backings, read a second time; NULL: nothing counts */
};

/*
 * Adds the rows of the books to "r", whose targets are filled, and totals.mapped_pages. "rows" are
 * the "n" call sites' counts from "before" to "after". 0, or -ENOMEM.
 */
int account__fill(const struct counters *before, const struct counters *after,
		  const struct site_row *rows, size_t n, const struct account_facts *facts,
		  struct record *r);

#endif
