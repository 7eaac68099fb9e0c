/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zero pages that were made otherwise than by reading a hole: by writing zeros. No event tells them
 * from payload, so the content is looked at when the window closes.
 */
#ifndef MIGPOP_COLLECT_ZEROS_H
#define MIGPOP_COLLECT_ZEROS_H

#include "shared/counts.h"
#include "shared/keys.h"

struct counters;
struct session;
struct site;
struct site_row;

/*
 * Looks at what a target's memory holds now, as far as enough of it was populated otherwise than by
 * reading holes from s->open to "now" to be worth it: for ZEROS_LOOK_NS at most. To be called while
 * the target is there, at the end of the window or of itself; the latest look counts.
 */
enum { ZEROS_LOOK_NS = 50000000, ZEROS_LOOK_MIN_PAGES = 256 };
void zeros__look(struct session *s, size_t target, const struct counters *now);

/* What is known of a backing's zero pages at the close. */
struct zeros {
	int64_t looked_pages;  /* RECORD_UNKNOWN: it was not looked at */
	int64_t written;       /* populated otherwise than by reading a hole */
	int64_t written_zeros; /* of which at least that many are zero; RECORD_UNKNOWN */
};

/* Of "key"; "rows" are the "n" call sites' counts in the window, and "now" their counters. */
struct zeros zeros__of(const struct session *s, const struct counters *now,
		       const struct backing_key *key, const struct site_row *rows, size_t n);

/* At least how many of "zeros" a call site populated that has "v" of the backing's counts: those
 * that the others cannot have populated. RECORD_UNKNOWN where not known. */
int64_t zeros__of_site(const struct zeros *zeros, const struct site *v);

#endif
