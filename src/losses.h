/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judges what is missing from a record, in one place for text, HTML page, JSON, metrics and the
 * verdict of migpop verify. Knows nothing of how the record was made.
 */
#ifndef MIGPOP_LOSSES_H
#define MIGPOP_LOSSES_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

struct losses {
	enum loss verdict;
	int64_t events; /* events that are in no count; RECORD_UNKNOWN if that is not known */
	/* Populated pages and events at call sites whose chain is not whole. An event is a fault,
	 * or a page if there was no fault. RECORD_UNKNOWN: frame pointers do not tell. */
	int64_t chainless_pages, chainless_events;
	int64_t populated_pages; /* of all call sites */
	bool chains;             /* some chains are not whole, or may not be */
};

/* True if the call site's chain is whole: it reaches the beginning of its thread, or code that was
 * made at run time, above which frames cannot be found. Also true if no chains were requested. */
bool record_callsite__is_whole(const struct record *r, const struct record_callsite *c);

struct losses record__losses(const struct record *r);

/* True if events were lost, or if more than a hundredth of the populated pages have no whole chain.
 * */
bool losses__are_large(const struct losses *l);

/* Computes from the call sites how many events have chains that are not whole, by the reasons why
 * the chains end, and which tables had no room for them. Returns 0 or -ENOMEM. */
int record__count_chain_losses(struct record *r);

/* Sets the members of the record that follow from the others: r->lost.verdict and
 * r->lost.chainless_pages. */
void record__judge_losses(struct record *r);

#endif
