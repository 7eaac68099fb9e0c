// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables of the kernel that are full are known by what was lost.
 */
#include "watch/room.h"

#include <inttypes.h>
#include <stdio.h>

/* Pages whose call chain found no room. */
static u64 not_kept(const struct counters *open, const struct counters *now)
{
	u64 n = 0;

	for (size_t i = 0; i < now->nr_sites; i++)
		if (now->sites[i].key.stack == STACK_NOT_KEPT)
			n += site_row__since(&now->sites[i], open).populated;
	return n;
}

static void tell(struct room *room, struct tracer *tracer, unsigned int table, const char *name,
		 u64 n, const char *what)
{
	char text[256];

	if (!n || room->told & 1U << table)
		return;
	room->told |= 1U << table;
	snprintf(text, sizeof(text), "no room in the table of %s: so far %" PRIu64 " %s, of pid %d",
		 name, (uint64_t)n, what, (int)room->pid);
	tracer__tell(tracer, room->pid, "room", text);
}

void room__tell(struct room *room, struct tracer *tracer, const struct counters *open,
		const struct counters *now)
{
	static const struct {
		const char *name, *what;
	} tables[NR_LOST] = {
		[LOST_SITES] = {"call sites", "events are in no count"},
		[LOST_TASKS] = {"threads", "events are in no count"},
		[LOST_BACKINGS] = {"backings",
				   "looks for a file's or a mapping's entry found none"},
		[LOST_ADVICE] = {"advice", "calls are in no count"},
	};

	for (int i = 0; i < NR_LOST; i++)
		tell(room, tracer, (unsigned int)i, tables[i].name,
		     counters__lost(now, i, room->windowed) -
			     counters__lost(open, i, room->windowed),
		     tables[i].what);
	tell(room, tracer, NR_LOST, "call chains", not_kept(open, now), "pages have no call chain");
}
