/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a record as one screen of text, and two successive records as a live table. It must not
 * know where records come from; all conclusions are in the records already.
 */
#ifndef MIGPOP_OUTPUT_TEXT_H
#define MIGPOP_OUTPUT_TEXT_H

#include "record.h"

#include <stdbool.h>
#include <stdio.h>

struct text_options {
	bool color;
	int width;    /* columns; 0 means 100 */
	bool refresh; /* for a live table: draw over the screen; else add a line each interval */
};

/* Writes at most 40 lines, however large the record is. Returns 0 or a negative errno. */
int output_text__write(const struct record *r, FILE *f, const struct text_options *opt);

/*
 * Writes rates: what happened from "prev" to "now", two records of one window up to their end_ns.
 * If "prev" is NULL, since the start of the window, below a heading. Flushes "f". Returns 0 or a
 * negative errno.
 */
int output_text__live(const struct record *prev, const struct record *now, FILE *f,
		      const struct text_options *opt);

#endif
