/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes a snapshot: the tracer's counters, and the figures of targets at the same time.
 */
#ifndef MIGPOP_WATCH_SNAPSHOT_H
#define MIGPOP_WATCH_SNAPSHOT_H

#include "counters.h"
#include "tracer/tracer.h"
#include "watch/target.h"

/*
 * Reads the counters, and the figures of the "n" targets. If "pid" is not 0, only what is of that
 * process and its memory is kept. "counting": the window is open, so that the figures of files are
 * read again after the counters: what differs moved meanwhile. Free "snap" with snapshot__free().
 * Returns 0 or a negative errno, and then there is nothing to free.
 */
int snapshot__take(struct snapshot *snap, struct tracer *tracer, struct target *targets, size_t n,
		   pid_t pid, bool counting);

#endif
