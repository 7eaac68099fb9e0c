/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where commands read records from and write to: how that may fail, and with which exit status. It
 * must not know what is done with a record.
 */
#ifndef MIGPOP_CMD_INOUT_H
#define MIGPOP_CMD_INOUT_H

#include "output/file.h"
#include "output/formats.h"
#include "record.h"

#include <argp.h>

/* Options of every command that only reads records: a child of its argp, whose input this is. */
struct output_options {
	const char *path;  /* NULL: standard output */
	const char *color; /* "auto" to begin with */
};
extern const struct argp output_argp;

/* --format NAME; ends the program if there is none of that name. */
const struct output_format *parse_format(const char *name);

/* Each returns an exit status and has said why it is not STATUS_OK. Names may be "-". */
int input__read(struct record **r, const char *path);
/* @path NULL: standard output. @format NULL: text of some kind. */
int output__open(struct output_file *out, const char *path, const struct output_format *format);
/* @err of what was written: commits the file if it is 0, drops it else. */
int output__finish(struct output_file *out, const char *path, int err);

/* In colour as asked for, and as wide as the terminal is, if it is one. */
struct text_options output__text_options(const struct output_file *out, const char *color);

#endif
