/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options that several commands have, each group as an argp that is a child of the command's own.
 * The command sets state->child_inputs at ARGP_KEY_INIT. In --help the groups stand in the order of
 * their numbers: rules with the command's third group, tracing with its fourth, the screen last.
 */
#ifndef MIGPOP_CMD_OPTIONS_H
#define MIGPOP_CMD_OPTIONS_H

#include <argp.h>
#include <stdbool.h>

struct rules_files;
struct tracer_options;

/* --color, -v and -q. Begins as {0}. */
struct screen_options {
	const char *color; /* auto, always or never */
	bool verbose, quiet;
};

/* Its input is a struct screen_options. */
extern const struct argp screen_argp;

/* --mode and --stack; its input is a struct tracer_options. */
extern const struct argp tracing_argp;

/* --rules; its input is a struct rules_files. */
extern const struct argp rules_argp;

/* True if standard output is to have colours. */
bool screen__has_color(const struct screen_options *o);

#endif
