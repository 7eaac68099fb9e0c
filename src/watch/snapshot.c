// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parts of a snapshot, in the order in which they have to be read.
 */
#include "watch/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "books/books.h"

static int read_again(struct snapshot *snap, struct tracer *tracer)
{
	struct counters again;
	int err;

	snap->pages_again = calloc(snap->counters.nr_backings + 1, sizeof(*snap->pages_again));
	if (!snap->pages_again)
		return -ENOMEM;
	err = tracer__read_backings(tracer, &again);
	if (!err)
		books__pages_again(&snap->counters, &again, snap->pages_again);
	counters__free(&again);
	return err;
}

int snapshot__take(struct snapshot *snap, struct tracer *tracer, struct target *targets, size_t n,
		   pid_t pid, bool counting)
{
	int err;

	memset(snap, 0, sizeof(*snap));
	snap->figures = calloc(n + 1, sizeof(*snap->figures));
	if (!snap->figures)
		return -ENOMEM;
	snap->nr_targets = n;
	for (size_t i = 0; i < n; i++)
		target__figures(&targets[i], &snap->figures[i]);
	err = tracer__read(tracer, pid, &snap->counters);
	if (!err && pid)
		counters__keep(&snap->counters, pid);
	if (!err && counting)
		err = read_again(snap, tracer);
	if (err)
		snapshot__free(snap);
	return err;
}
