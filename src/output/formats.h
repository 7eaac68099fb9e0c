/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every format that a record can be written in, by the name that --format knows it by. It must not
 * know how any of them looks.
 */
#ifndef MIGPOP_OUTPUT_FORMATS_H
#define MIGPOP_OUTPUT_FORMATS_H

#include "output/text.h"
#include "record.h"

#include <stdbool.h>
#include <stdio.h>

/* The names in the table, for people. */
#define OUTPUT_FORMATS "text, json, folded, pprof, html, svg"

struct output_format {
	const char *name;
	/* 0 or negative errno; NULL for text, the only one with options */
	int (*write)(const struct record *r, FILE *f);
	bool binary; /* nothing for a terminal */
};

/* NULL if no format has that name. */
const struct output_format *output_format__find(const char *name);

/* Is @f a terminal, which this format would only upset? */
bool output_format__upsets(const struct output_format *format, FILE *f);

/* 0 or negative errno; only text reads @opt. */
int output_format__write(const struct output_format *format, const struct record *r, FILE *f,
			 const struct text_options *opt);

#endif
