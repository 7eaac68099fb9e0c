/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All formats that a record can be written in, by the name that --format takes. It must not know
 * what a format looks like.
 */
#ifndef MIGPOP_OUTPUT_FORMATS_H
#define MIGPOP_OUTPUT_FORMATS_H

#include "output/text.h"
#include "record.h"

#include <stdbool.h>
#include <stdio.h>

/* The names in the table, for messages and help. */
#define OUTPUT_FORMATS "text, json, folded, pprof, html, svg"

struct output_format {
	const char *name;
	/* returns 0 or a negative errno; NULL for text, the only format with options */
	int (*write)(const struct record *r, FILE *f);
	bool binary; /* not to be written to a terminal */
};

/* The format of this name; NULL if there is none. */
const struct output_format *output_format__find(const char *name);

/* True if "f" is a terminal and the format is binary. */
bool output_format__upsets(const struct output_format *format, FILE *f);

/* Writes the record in the format. Returns 0 or a negative errno. Only text uses "opt". */
int output_format__write(const struct output_format *format, const struct record *r, FILE *f,
			 const struct text_options *opt);

#endif
