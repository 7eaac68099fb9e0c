/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of migpop trace: of targets that are named, and of a migration that is waited for.
 */
#ifndef MIGPOP_CMD_TRACE_H
#define MIGPOP_CMD_TRACE_H

#include "output/file.h"

struct record;
struct rules;
struct trace_options;

/* Where a record goes: as it was asked for, and (where o->save names a file) as JSON. */
struct trace_outputs {
	struct output_file shown, saved;
};

/* Waits for a migration to come in, and writes its record. The status to end with. */
int trace_incoming(const struct trace_options *o, const struct rules *rules,
		   struct trace_outputs *out);

/* What ends a trace, and a command that it started: for open_signals(). */
extern const int trace__signals[];

int trace__write_record(const struct trace_options *o, const struct rules *rules, struct record *r,
			struct trace_outputs *out);

#endif
