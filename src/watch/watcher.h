/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every emulator of this host, those that run and those that start later, each with a window that a
 * migration opens and closes. It must not know what becomes of their records.
 */
#ifndef MIGPOP_WATCH_WATCHER_H
#define MIGPOP_WATCH_WATCHER_H

#include <stdbool.h>
#include <stddef.h>

#include "record.h"
#include "tracer/tracer.h"

struct loop;
struct watcher;
struct resolver_options;
struct rules;

struct watcher_calls {
	/* A migration of an emulator has ended, or the watcher ends under way. "r" is the callee's
	 * only while it is called. */
	void (*record)(struct record *r, void *data);
	/* An emulator is watched from now on. */
	void (*watched)(pid_t pid, void *data);
	/* A migration of it has begun; or NULL. */
	void (*opened)(pid_t pid, void *data);
	/* Something did not go as it should, and the watcher goes on without: "kind" is one of a
	 * few words, "what" one line; "pid" whose record it is that could not be made, or 0. */
	void (*problem)(pid_t pid, const char *kind, const char *what, void *data);
	void *data;
};

/* Loads the programs and looks for emulators: those that may have what options->arm_started awaits.
 * 0, or a negative errno with one line in "why". */
int watcher__open(struct watcher **out, const struct tracer_options *options,
		  const struct resolver_options *names, const struct watcher_calls *calls,
		  char *why, size_t size);

/* Ends the windows that are open; their records come before it returns. */
void watcher__close(struct watcher *w);

enum mode watcher__mode(const struct watcher *w);

/* Finds the categories of records by these rules from now on; they must stay until others replace
 * them. */
void watcher__use_rules(struct watcher *w, const struct rules *rules);

/* How many emulators are watched. */
size_t watcher__count(const struct watcher *w);

/* How full the tracer's tables are: tracer__tables(). */
size_t watcher__tables(struct watcher *w, struct tracer_table *tables);

/* Tells a turn of the loop what the watcher waits for; watcher__run() is to follow the turn. */
void watcher__await(const struct watcher *w, struct loop *l);
void watcher__run(struct watcher *w);

/* Looks for emulators that it does not know. */
void watcher__scan(struct watcher *w);

#endif
