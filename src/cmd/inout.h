/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where commands read records and write results: how it may fail, and with which exit status. It
 * must not know what is done with a record.
 */
#ifndef MIGPOP_CMD_INOUT_H
#define MIGPOP_CMD_INOUT_H

#include "cmd/options.h"
#include "output/file.h"
#include "output/formats.h"
#include "record.h"

#include <argp.h>

/* The options of every command that only reads records. output_argp is a child of its argp, and
 * this is its input. */
struct output_options {
	const char *path; /* NULL: standard output */
	struct screen_options screen;
};
extern const struct argp output_argp;

/* Reads the argument of --format. Ends the program if there is no such format. */
const struct output_format *parse_format(const char *name);

/* These return an exit status; if it is not STATUS_OK, the error has been printed. A path may be
 * "-". */
int input__read(struct record **r, const char *path);
/* If "path" is NULL, it is standard output. If "format" is NULL, some kind of text is written. */
int output__open(struct output_file *out, const char *path, const struct output_format *format);
/* "err" is the result of writing: if it is 0 the file is committed, otherwise dropped. */
int output__finish(struct output_file *out, const char *path, int err);

/* Colour as the user wants it, and as many columns as the terminal has, if the output is one. */
struct text_options output__text_options(const struct output_file *out, const char *color);

#endif
