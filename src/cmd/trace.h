/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two parts of migpop trace: tracing targets that are named, and waiting for an incoming
 * migration.
 */
#ifndef MIGPOP_CMD_TRACE_H
#define MIGPOP_CMD_TRACE_H

#include "output/file.h"

struct record;
struct rules;
struct trace_options;

/* Where a record goes: in the format and to the file that the user chose, and, if o->save names a
 * file, there as JSON. */
struct trace_outputs {
	struct output_file shown, saved;
};

/* Waits for an incoming migration and writes its record. Returns the exit status. */
int trace_incoming(const struct trace_options *o, const struct rules *rules,
		   struct trace_outputs *out);

/* The signals that end a trace or report on its command, for open_signals(). */
extern const int trace__signals[];

/* Writes a record to where it goes. Returns the exit status. */
int trace__write_record(const struct trace_options *o, const struct record *r,
			struct trace_outputs *out);

#endif
