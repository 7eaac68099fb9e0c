// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a watcher does from time to time: it gives back room in the tracer's tables, adds points to
 * the timelines of open windows, and has the tracer rest when no migration may come unexpected.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "loop.h"
#include "watch/watcher_internal.h"

enum { TICK_MS = 500, AWAKE_MS = 5000, SWEEP_MS = 1000 };

/* The table of chains is given room before its time when it is this full. */
#define FULL 0.25

void watcher__stay_awake(struct watcher *w)
{
	w->awake_until_ms = clock__ms() + AWAKE_MS;
}

void watcher__wake(struct watcher *w)
{
	char why[256] = "cannot find who shares the memory of emulators";

	watcher__stay_awake(w);
	if (tracer__wake(w->tracer, why, sizeof(why)))
		watcher__problem(w, 0, "hooks", why);
	else
		w->awake = true;
}

static bool may_count(const struct watcher *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i]->session.begun || w->v[i]->incoming)
			return true;
	return false;
}

static void rest_if_idle(struct watcher *w)
{
	if (!w->options.rests || !w->awake || clock__ms() < w->awake_until_ms || may_count(w))
		return;
	w->awake = tracer__rest(w->tracer) != 0;
	if (w->awake) /* a window has just opened, and will be heard of */
		watcher__stay_awake(w);
}

static bool any_open(const struct watcher *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i]->session.begun)
			return true;
	return false;
}

static bool is_known(pid_t pid, void *data)
{
	return watcher__find(data, pid);
}

/* Room that came back, not more than once a second unless it is wanted: it takes reads of all
 * tables. */
static void sweep(struct watcher *w)
{
	char what[128];
	int err;

	w->worn = false;
	w->next_sweep_ms = clock__ms() + SWEEP_MS;
	err = tracer__sweep(w->tracer, is_known, w);
	if (!err)
		return;
	snprintf(what, sizeof(what), "cannot give back room in the tables: %s", strerror(-err));
	watcher__problem(w, 0, "room", what);
}

/* What processes lost that are no emulators: none of the records tells. */
static void tell_lost(struct watcher *w)
{
	uint64_t lost = tracer__lost_of_nobody(w->tracer);
	char what[160];

	if (lost == w->lost_told)
		return;
	w->lost_told = lost;
	snprintf(what, sizeof(what),
		 "no room for threads or processes: so far %" PRIu64
		 " events of processes that share memory of emulators are in no record",
		 lost);
	watcher__problem(w, 0, "room", what);
}

static void tick(struct watcher *w)
{
	tell_lost(w);
	w->next_tick_ms = clock__ms() + TICK_MS;
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i]->session.begun)
			session__tick(&w->v[i]->session, NULL);
}

void watcher__keep_up(struct watcher *w)
{
	uint64_t now = clock__ms();

	if (w->worn && (now >= w->next_sweep_ms || tracer__chains_fill(w->tracer) > FULL))
		sweep(w);
	if (!any_open(w))
		rest_if_idle(w);
	else if (now >= w->next_tick_ms)
		tick(w);
}

void watcher__await_upkeep(const struct watcher *w, struct loop *l)
{
	if (any_open(w))
		loop__await_time(l, w->next_tick_ms);
	else if (w->options.rests && w->awake && !may_count(w))
		loop__await_time(l, w->awake_until_ms);
	if (w->worn)
		loop__await_time(l, w->next_sweep_ms);
}
