/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts that books.c puts together into a record. Each returns 0 or -ENOMEM.
 */
#ifndef MIGPOP_BOOKS_BOOKS_INTERNAL_H
#define MIGPOP_BOOKS_BOOKS_INTERNAL_H

#include "books/facts.h"

/* A window: its edges, the facts, and what each call site counted in it. */
struct books {
	const struct snapshot *before, *after;
	const struct facts *facts;
	struct site_row *rows; /* their order changes */
	size_t nr_rows;
};

/* Copies a string, of which NULL stays NULL. */
int copy_string(char **to, const char *from);

/* What people call a backing, to be freed; "row" may be NULL. NULL without memory. */
char *backing_key__name(const struct backing_key *key, const struct backing_row *row);

/* Makes one row of the call sites that differ only in the numbers of equal chains. */
int chains__merge(struct books *b);

/* Adds the frames of what was done at "ip": those of chain "stack" if it is known, else "ip" alone.
 * "in_syscall": ip is where the system call returns to. *end gets the word for how the chain ended,
 * static; NULL without a chain. */
int chains__add_frames(const struct facts *f, s32 stack, u64 ip, bool in_syscall,
		       struct record_frames *frames, const char **end);

/* Fills the head of the record: tool, host, window, targets, overhead. Totals are 0 afterwards. */
int head__fill(const struct books *b, struct record *r);

/* Fills call sites, backings, advice, losses of events, and the totals. */
int rows__fill(const struct books *b, struct record *r);

/* Fills the threads of a record whose totals are filled. */
int threads__fill(const struct books *b, struct record *r);

#endif
