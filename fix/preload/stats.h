/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was asked and answered, counted, and written into a file at the end. */
#ifndef PRELOAD_STATS_H
#define PRELOAD_STATS_H

#include <stddef.h>

enum stats_end { STATS_SOURCE, STATS_DESTINATION, STATS_ENDS };
enum stats_kind {
	STATS_HOLE,      /* never populated, so zero: left alone */
	STATS_POPULATED, /* read, and where it has to be zero and is not, written */
	STATS_PRESENT,   /* read whatever it is, since postcopy needs it */
	STATS_KINDS
};

void stats_count(enum stats_end end, enum stats_kind kind);

/* A RAM block was met, of "bytes"; "why" (static) it cannot be asked, NULL where it can. */
void stats_block(size_t bytes, const char *why);

/* Where to: "%p" in it becomes the process's id, else ".ID" is appended. */
void stats_init(const char *name, const char *const *names, size_t count, const char *policy_name);

/* Writes the file of this process, whole or not at all; says on stderr why not. Nothing without a
 * name. */
void stats_write(void);

#endif
