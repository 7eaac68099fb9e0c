/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes that are no targets and populated the memory of one: vhost-user daemons, workers of the
 * kernel. Their names, and those of what they executed, are read when the record is made.
 */
#include <string.h>

#include "collect/books_internal.h"
#include "proc/process.h"
#include "symbol/resolve.h"

/* Reading what a process has mapped takes a moment: more than so many are not named. */
enum { OTHERS_MAX = 64 };

bool session__is_target(const struct session *s, u32 tgid)
{
	for (size_t i = 0; i < s->nr_targets; i++)
		if ((u32)s->targets[i].pid == tgid)
			return true;
	return false;
}

char *others__comm(const struct counters *c, u32 tgid)
{
	char *comm = proc__comm((pid_t)tgid);

	/* Of one that is gone a thread's name is kept. */
	for (size_t i = 0; !comm && i < c->nr_threads; i++)
		if (c->threads[i].key.tgid == tgid && *c->threads[i].value.comm)
			comm = strndup(c->threads[i].value.comm, sizeof(c->threads[i].value.comm));
	return comm;
}

void others__remember(const struct session *s, const struct site_row *rows, size_t n)
{
	u32 seen[OTHERS_MAX];
	size_t nr_seen = 0;

	for (size_t i = 0; i < n && nr_seen < OTHERS_MAX; i++) {
		u32 tgid = rows[i].key.tgid;
		size_t j = 0;

		if (!(rows[i].value.populated | rows[i].value.released) ||
		    session__is_target(s, tgid))
			continue;
		while (j < nr_seen && seen[j] != tgid)
			j++;
		if (j < nr_seen)
			continue;
		seen[nr_seen++] = tgid;
		resolver__remember(s->resolver, (pid_t)tgid);
	}
}
