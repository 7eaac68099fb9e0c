/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is missing from a record, judged in one place: text, page, JSON, metrics and verdicts say
 * what is found here. Knows nothing of how the record came about.
 */
#ifndef MIGPOP_LOSSES_H
#define MIGPOP_LOSSES_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

struct losses {
	enum loss verdict;
	int64_t events; /* that are in no count; RECORD_UNKNOWN where that is not known */
	/* At call sites whose chain is not whole: populated pages, and events: faults, or pages
	 * where there was no fault. RECORD_UNKNOWN: frame pointers do not tell. */
	int64_t chainless_pages, chainless_events;
	int64_t populated_pages; /* all */
	bool chains;             /* some are not whole, or may be not */
};

/* Is the chain whole: up to where its thread began, or to code that was made at run time, beyond
 * which there are no frames to be had? True where none was asked for. */
bool record_callsite__is_whole(const struct record *r, const struct record_callsite *c);

struct losses record__losses(const struct record *r);

/* Is it more than a few pages of many: more than a hundredth of what was populated? */
bool losses__are_large(const struct losses *l);

/* From the call sites: how many events have chains that are not whole, by how those end, and which
 * tables were out of room for them. 0 or -ENOMEM. */
int record__count_chain_losses(struct record *r);

/* Sets what follows from the rest: r->lost.verdict and r->lost.chainless_pages. */
void record__judge_losses(struct record *r);

#endif
