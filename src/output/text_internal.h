/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the text share: text.c puts the screen together from the blocks in
 * text_tables.c and text_books.c; text_live.c makes a live table of them.
 */
#ifndef MIGPOP_OUTPUT_TEXT_INTERNAL_H
#define MIGPOP_OUTPUT_TEXT_INTERNAL_H

#include "output/flow.h"

#define MAX_SITES 12

static inline const char *string__or(const char *s, const char *otherwise)
{
	return s && s[0] ? s : otherwise;
}

/* text.c: prints the target, the mode and the window, and an empty line. */
void text__head(struct flow *w, const struct record *r);

/* text_tables.c: print a table with an empty line before it, or nothing if there are no rows. At
 * most "max" call sites are shown, the last of which stands for the rest. */
void text__callsites(struct flow *w, const struct record *r, size_t max);
void text__backings(struct flow *w, const struct record *r);
/* Prints "n" in a field of "width" columns, aligned to the right. */
void put__count(FILE *f, int64_t n, int width);

/* text_books.c: print whether the record can be believed, and what tracing cost. */
void text__books(struct flow *w, const struct record *r);
void text__lost(struct flow *w, const struct record *r);
void text__cost(struct flow *w, const struct record *r);

#endif
