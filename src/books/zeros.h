/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many zero pages were populated otherwise than by reading a hole: by writing zeros. No event
 * tells them from payload, so this follows from what somebody saw of the content (struct look).
 */
#ifndef MIGPOP_BOOKS_ZEROS_H
#define MIGPOP_BOOKS_ZEROS_H

#include "books/books_internal.h"

/* What is known of a backing's zero pages when the window closed. */
struct zeros {
	int64_t looked_pages;  /* RECORD_UNKNOWN if nobody looked at the backing */
	int64_t written;       /* pages populated otherwise than by reading a hole */
	int64_t written_zeros; /* at least so many of them are zero; RECORD_UNKNOWN if nobody looked
				*/
};

struct zeros zeros__of(const struct books *b, const struct backing_key *key);

/* At least how many of "zeros" a call site populated that has "v" of the backing's counts: those
 * that the other call sites cannot have populated. RECORD_UNKNOWN if it is not known. */
int64_t zeros__of_site(const struct zeros *zeros, const struct site *v);

/* Pages that the counts say were populated otherwise than by reading a hole. */
int64_t site__written(const struct site *v);

#endif
