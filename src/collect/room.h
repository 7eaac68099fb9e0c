/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a session found no room in the kernel's tables, told while the window is open. Knows
 * nothing of records.
 */
#ifndef MIGPOP_COLLECT_ROOM_H
#define MIGPOP_COLLECT_ROOM_H

#include "collect/session.h"

/* Events of all targets that found no room in the table of "kind", enum lost_kind. */
u64 room__lost(const struct session *s, const struct counters *c, int kind);

/* Tells, once a window and table, what has been lost since the opening. */
void room__tell(struct session *s, const struct counters *now);

#endif
