/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the command line of migpop trace says. Knows nothing of tracing.
 */
#ifndef MIGPOP_CMD_TRACE_OPTIONS_H
#define MIGPOP_CMD_TRACE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "collect/tracer.h"
#include "output/formats.h"
#include "symbol/resolve.h"
#include "symbol/rules.h"

enum { TARGETS_MAX = 4096 };

struct trace_options {
	pid_t pids[TARGETS_MAX];
	size_t nr_pids;
	char **command; /* NULL without one */
	const char *qmp_path, *output;
	const char *save; /* the record as JSON as well; NULL: not */
	const struct output_format *format;
	double duration, interval; /* seconds; 0: none */
	struct tracer_options tracer;
	struct resolver_options names;
	struct rules_files rules_files;
	bool incoming;     /* whichever QEMU receives a migration, */
	const char *guest; /* or the one whose guest has this name or UUID; NULL: any */
	bool quiet, verbose, color;
};

/* --stack of "word". Ends the program where there is no such kind. */
enum stack_kind parse_stack(const char *word);

/* Ends the program with one line where the command line is wrong. STATUS_OK, or the status to end
 * with. */
int trace_options__parse(struct trace_options *o, int argc, char **argv);

#endif
