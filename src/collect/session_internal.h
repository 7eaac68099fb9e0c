/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two kinds of windows (session.c, window.c) share. Functions return 0 or a negative
 * errno.
 */
#ifndef MIGPOP_COLLECT_SESSION_INTERNAL_H
#define MIGPOP_COLLECT_SESSION_INTERNAL_H

#include "collect/session.h"

int session__add_targets(struct session *s, const pid_t *pids, size_t n);

/* Takes a snapshot of the session's targets. "counting": as in snapshot__take(). */
int session__snapshot(struct session *s, bool counting, struct snapshot *snap);

/* Begins the books here: nothing that was counted before is the window's. */
int session__begin_books(struct session *s);

/* Adds a point to the timeline. */
int session__add_tick(struct session *s, const struct snapshot *snap);

/* Reads what code the living targets have mapped: names are wanted after they are gone. */
void session__remember_code(struct session *s);

/* Looks at the memory of the living targets, for what the window populated. */
void session__look_at_content(struct session *s, const struct counters *now);

/* Why a window closed, and the migration that it was. */
struct window_end {
	enum window_reason by;
	const char *text;               /* for people; NULL: as the word says */
	const struct window *migration; /* NULL: the window was about none, or it is not over */
	enum migration_outcome outcome; /* of the migration */
};

/* Makes the record of the window up to "close". */
int session__make_record(struct session *s, const struct snapshot *close,
			 const struct window_end *end, struct record **out);

#endif
