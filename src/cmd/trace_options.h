/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of migpop trace. Knows nothing of tracing.
 */
#ifndef MIGPOP_CMD_TRACE_OPTIONS_H
#define MIGPOP_CMD_TRACE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cmd/options.h"
#include "output/formats.h"
#include "symbol/resolve.h"
#include "symbol/rules.h"
#include "tracer/tracer.h"

enum { TARGETS_MAX = 4096 };

struct trace_options {
	pid_t pids[TARGETS_MAX];
	size_t nr_pids;
	char **command; /* NULL: no command was given */
	const char *qmp_path, *output;
	const char *save; /* where to write the record as JSON, too; NULL: nowhere */
	const struct output_format *format;
	double duration, interval; /* in seconds; 0: not given */
	struct tracer_options tracer;
	struct resolver_options names;
	struct rules_files rules_files;
	bool incoming;     /* trace the first migration that any QEMU receives, … */
	const char *guest; /* … or the QEMU whose guest has this name or UUID; NULL: any */
	struct screen_options screen;
};

/* Reads the command line. If it is wrong, prints one line and ends the program. Returns STATUS_OK,
 * or the status to exit with. */
int trace_options__parse(struct trace_options *o, int argc, char **argv);

#endif
