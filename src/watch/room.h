/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What found no room in the kernel's tables, told while the window is open. It must not know of
 * records.
 */
#ifndef MIGPOP_WATCH_ROOM_H
#define MIGPOP_WATCH_ROOM_H

#include "counters.h"
#include "tracer/tracer.h"

/* A window that is open. */
struct room {
	pid_t pid;         /* of whom to tell */
	bool windowed;     /* what is of no known process may be of somebody else's window */
	unsigned int told; /* bits of tables: somebody has been told that they are full */
};

/* Tells, once for each table, what has been lost since "open". */
void room__tell(struct room *room, struct tracer *tracer, const struct counters *open,
		const struct counters *now);

#endif
