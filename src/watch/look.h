/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks at the content of a target's memory: no event tells pages of zeros that were written from
 * payload. What follows from it is for the books to find.
 */
#ifndef MIGPOP_WATCH_LOOK_H
#define MIGPOP_WATCH_LOOK_H

#include "counters.h"
#include "watch/target.h"

/* Nanoseconds that all targets of a session are looked at together; and if fewer pages of a backing
 * were populated otherwise than by reading holes, it is not looked at. */
enum { LOOK_NS = 50000000, LOOK_MIN_PAGES = 256 };

/*
 * Looks at the memory of a target for "budget_ns" at most, where enough of it was populated from
 * "open" to "now" otherwise than by reading holes. Call it while the target is there, at the end of
 * the window or of the target; the latest look replaces what the target has of an earlier one.
 */
void target__look(struct target *t, const struct counters *open, const struct counters *now,
		  u64 budget_ns);

#endif
