// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables of the kernel that are full, seen by what was lost.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/room.h"

u64 room__lost(const struct session *s, const struct counters *c, int kind)
{
	/* What is nobody's may be that of another session where the tracer is shared. */
	u64 n = s->windowed ? 0 : c->lost[kind];

	for (size_t i = 0; i < c->nr_processes; i++)
		n += c->processes[i].value.lost[kind];
	return n;
}

static const struct site_row *find_site(const struct counters *c, const struct site_key *key)
{
	for (size_t i = 0; i < c->nr_sites; i++)
		if (!memcmp(&c->sites[i].key, key, sizeof(*key)))
			return &c->sites[i];
	return NULL;
}

/* Pages whose call chain found no room. */
static u64 not_kept(const struct session *s, const struct counters *c)
{
	u64 n = 0;

	for (size_t i = 0; i < c->nr_sites; i++) {
		const struct site_row *before;

		if (c->sites[i].key.stack != STACK_NOT_KEPT)
			continue;
		before = find_site(&s->open.counters, &c->sites[i].key);
		n += c->sites[i].value.populated - (before ? before->value.populated : 0);
	}
	return n;
}

static void tell(struct session *s, unsigned int table, const char *name, u64 n, const char *what)
{
	char text[256];

	if (!n || s->told_room & 1U << table)
		return;
	s->told_room |= 1U << table;
	snprintf(text, sizeof(text), "no room in the table of %s: so far %" PRIu64 " %s, of pid %d",
		 name, (uint64_t)n, what, (int)s->targets[0].pid);
	tracer__tell(s->tracer, s->targets[0].pid, "room", text);
}

void room__tell(struct session *s, const struct counters *now)
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
		tell(s, (unsigned int)i, tables[i].name,
		     room__lost(s, now, i) - room__lost(s, &s->open.counters, i), tables[i].what);
	tell(s, NR_LOST, "call chains", not_kept(s, now), "pages have no call chain");
}
