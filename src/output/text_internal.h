/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the text share: text.c makes the screen of the blocks in text_tables.c and
 * text_books.c, text_live.c a live one.
 */
#ifndef MIGPOP_OUTPUT_TEXT_INTERNAL_H
#define MIGPOP_OUTPUT_TEXT_INTERNAL_H

#include "output/flow.h"

#define MAX_SITES 12

static inline const char *string__or(const char *s, const char *otherwise)
{
	return s && s[0] ? s : otherwise;
}

/* text.c: who was watched, how, and when; a blank line after it. */
void text__head(struct flow *w, const struct record *r);

/* text_tables.c: each with a blank line before it, or nothing at all. At most @max call sites, the
 * last of which stands for the rest. */
void text__callsites(struct flow *w, const struct record *r, size_t max);
void text__backings(struct flow *w, const struct record *r);
/* @n in a field of @width, aligned to the right. */
void put__count(FILE *f, int64_t n, int width);

/* text_books.c: whether the record is to be believed, and what it cost. */
void text__books(struct flow *w, const struct record *r);
void text__lost(struct flow *w, const struct record *r);
void text__cost(struct flow *w, const struct record *r);

#endif
