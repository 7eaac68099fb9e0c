/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record as one screen of text, and two records in a row as a live table. It must not know where
 * records come from; what it concludes is written in them already.
 */
#ifndef MIGPOP_OUTPUT_TEXT_H
#define MIGPOP_OUTPUT_TEXT_H

#include "record.h"

#include <stdbool.h>
#include <stdio.h>

struct text_options {
	bool color;
	int width;    /* columns; 0: 100 */
	bool refresh; /* live: draw over the screen; else one line an interval */
};

/* At most 40 lines, however large the record. 0 or negative errno. */
int output_text__write(const struct record *r, FILE *f, const struct text_options *opt);

/*
 * What happened from @prev to @now, each a record of one window up to its end_ns, as rates. Without
 * @prev: since the start of the window, below a heading. It flushes.
 */
int output_text__live(const struct record *prev, const struct record *now, FILE *f,
		      const struct text_options *opt);

#endif
