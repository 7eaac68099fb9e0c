/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts what was asked and answered, and writes the counters into a file when the process ends. */
#ifndef PRELOAD_STATS_H
#define PRELOAD_STATS_H

#include <stddef.h>

enum stats_end { STATS_SOURCE, STATS_DESTINATION, STATS_ENDS };
enum stats_kind {
	STATS_HOLE,      /* never populated, so zero: left alone */
	STATS_POPULATED, /* populated: read, and at the destination written if it is not zero */
	STATS_PRESENT,   /* read without asking, because postcopy needs it present */
	STATS_KINDS
};

void stats_count(enum stats_end end, enum stats_kind kind);

/* Notes a RAM block of "bytes". "why" is a static string that says why the block cannot be asked;
 * NULL if it can. */
void stats_block(size_t bytes, const char *why);

/* Sets the name of the file. "%p" in the name becomes the id of the process; without "%p", ".ID" is
 * appended. "names" are the "count" functions that were replaced. */
void stats_init(const char *name, const char *const *names, size_t count, const char *policy_name);

/* Writes the file of this process, whole or not at all; an error is reported on stderr. Without a
 * name it does nothing. */
void stats_write(void);

#endif
