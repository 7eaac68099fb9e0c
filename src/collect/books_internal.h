/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What books.c, which keeps the books, and content.c, which says what happened, share.
 */
#ifndef MIGPOP_COLLECT_BOOKS_INTERNAL_H
#define MIGPOP_COLLECT_BOOKS_INTERNAL_H

#include "collect/session.h"

/* To be freed; NULL for NULL, or without memory. */
char *copy_string(const char *s);

/* All of the record of the window from s->open to "close" but its books and its timeline. "rows"
 * are the "n" call sites' counts in the window; their order changes. 0 or a negative errno. */
int content__fill(const struct session *s, const struct snapshot *close, struct site_row *rows,
		  size_t n, struct record *r);

/* Is the process one of those that the session watches? Others are met where they populate the
 * memory of one. */
bool session__is_target(const struct session *s, u32 tgid);

/* Takes the code that such others have mapped, for their call chains to be named; those that are
 * gone have no names. "rows" are the "n" call sites' counts in the window. */
void others__remember(const struct session *s, const struct site_row *rows, size_t n);

/* What such another is called, to be freed; NULL where that is not known. */
char *others__comm(const struct counters *c, u32 tgid);

/* The threads of a record whose totals are filled: what each counted from s->open to "close". 0 or
 * a negative errno. */
int threads__fill(const struct session *s, const struct counters *close, struct record *r);

#endif
