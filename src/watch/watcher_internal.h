/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the watcher share: the emulators that it knows (watcher.c), and what is to be
 * done from time to time (upkeep.c).
 */
#ifndef MIGPOP_WATCH_WATCHER_INTERNAL_H
#define MIGPOP_WATCH_WATCHER_INTERNAL_H

#include "watch/session.h"
#include "watch/watcher.h"

struct emulator_session {
	pid_t pid;
	bool incoming;         /* a stream opens its window, at any moment */
	u32 awaits;            /* enum window_awaits, what it was taken in for */
	uint64_t starts_until; /* ms: when it has been started at the latest; 0: it has */
	struct session session;
};

struct watcher {
	struct tracer *tracer;
	struct resolver *resolver;
	const struct rules *rules;
	struct tracer_options options;
	struct watcher_calls calls;
	struct emulator_session **v;
	size_t n;
	uint64_t next_tick_ms;
	uint64_t next_sweep_ms;
	uint64_t awake_until_ms;
	uint64_t lost_told; /* of processes that are no emulators */
	bool awake;         /* the hooks that count are attached */
	bool worn;          /* tables may have what nobody needs any more */
};

/* The emulator with that process id; NULL if the watcher does not know it. */
struct emulator_session *watcher__find(struct watcher *w, pid_t pid);

/* Tells the caller of a problem, as watcher_calls.problem says. */
void watcher__problem(struct watcher *w, pid_t pid, const char *kind, const char *what);

/* Attaches the hooks that count, since a migration is about to begin, or may be. */
void watcher__wake(struct watcher *w);

/* The hooks that count stay attached for some seconds from now. */
void watcher__stay_awake(struct watcher *w);

/* Gives back room, adds points to timelines, and has the tracer rest, if it is time for it. */
void watcher__keep_up(struct watcher *w);

/* Tells a turn of the loop when watcher__keep_up() has something to do. */
void watcher__await_upkeep(const struct watcher *w, struct loop *l);

#endif
