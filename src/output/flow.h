/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Phrases that flow into lines of the width at hand, in colour where asked for. It must not know
 * what they say.
 */
#ifndef MIGPOP_OUTPUT_FLOW_H
#define MIGPOP_OUTPUT_FLOW_H

#include "output/format.h"
#include "output/text.h"

#include <stdio.h>

enum verdict { VERDICT_NONE, VERDICT_GOOD, VERDICT_BAD, VERDICT_WARN };

/* Phrases side by side, three blanks apart, on as many lines as it takes. */
struct flow {
	FILE *f;
	const struct text_options *opt;
	int width, column, lines;
};

/* The columns there are. */
int options__width(const struct text_options *opt);

/* What turns @v's colour on and off again; empty where no colour was asked for. */
const char *flow__color(const struct text_options *opt, enum verdict v);
const char *flow__color_end(const struct text_options *opt, enum verdict v);

/* Ends the line, if one is begun. */
void flow__end(struct flow *w);
/* A blank line between two blocks. */
void flow__blank(struct flow *w);
/* One phrase, and @t is empty again; of @verdict's colour are @words alone, the rest is plain. */
void flow__add(struct flow *w, enum verdict v, const char *words, struct format_text *t);
/* A whole line of its own, which is cut rather than wrapped. */
void flow__line(struct flow *w, struct format_text *t);

#endif
