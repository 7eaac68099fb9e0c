/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Phrases that flow into lines as wide as the screen, in colour if the user wants it. It must not
 * know what the phrases say.
 */
#ifndef MIGPOP_OUTPUT_FLOW_H
#define MIGPOP_OUTPUT_FLOW_H

#include "output/format.h"
#include "output/text.h"

#include <stdio.h>

/* How a phrase is meant, and so its colour. */
enum tone { TONE_PLAIN, TONE_GOOD, TONE_BAD, TONE_WARN };

/* Where phrases are put side by side, three blanks apart, on as many lines as they need. */
struct flow {
	FILE *f;
	const struct text_options *opt;
	int width, column, lines;
};

/* The number of columns of the screen, between 40 and 400. */
int options__width(const struct text_options *opt);

/* The escape sequences that turn a colour on and off; empty if no colour is wanted. */
const char *flow__color(const struct text_options *opt, enum tone tone);
const char *flow__color_end(const struct text_options *opt, enum tone tone);

/* Ends the current line, unless it is empty. */
void flow__end(struct flow *w);
/* Ends the current line and adds an empty one. */
void flow__blank(struct flow *w);
/* Adds a phrase of "words" in colour and the plain text of "t"; "t" is empty afterwards. */
void flow__add(struct flow *w, enum tone tone, const char *words, struct format_text *t);
/* Puts "t" on a line of its own, and cuts it rather than wrapping it. */
void flow__line(struct flow *w, struct format_text *t);

#endif
