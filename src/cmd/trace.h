/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of migpop trace: of targets that are named, and of a migration that is waited for.
 */
#ifndef MIGPOP_CMD_TRACE_H
#define MIGPOP_CMD_TRACE_H

struct output_file;
struct record;
struct rules;
struct trace_options;

/* Waits for a migration to come in, and writes its record. The status to end with. */
int trace_incoming(const struct trace_options *o, const struct rules *rules,
		   struct output_file *out);

/* Of SIGINT, SIGTERM and SIGCHLD, which are blocked from here on. */
int trace__open_signals(void);

int trace__write_record(const struct trace_options *o, const struct rules *rules, struct record *r,
			struct output_file *out);

#endif
