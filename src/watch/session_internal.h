/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two kinds of windows (session.c, window.c) share. Functions return 0 or a negative
 * errno.
 */
#ifndef MIGPOP_WATCH_SESSION_INTERNAL_H
#define MIGPOP_WATCH_SESSION_INTERNAL_H

#include "watch/session.h"

/* Adds the processes to the targets, without telling the tracer. */
int session__note_targets(struct session *s, const pid_t *pids, size_t n);

/* Begins the books here: nothing that was counted before is the window's. */
int session__begin_books(struct session *s);

/* Reads what code the living targets have mapped: names are wanted after they are gone. */
void session__remember_code(struct session *s);

/* Why a window closed, and the migration that it was. */
struct window_end {
	enum window_reason by;
	const char *text;               /* for people; NULL: as the word says */
	const struct window *migration; /* NULL: the window was about none, or it is not over */
	enum migration_outcome outcome; /* of the migration */
};

/* Ends the books of a window in which nothing is counted any more since "ns" (CLOCK_BOOTTIME), and
 * makes its raw record. The next window's books begin where these end. */
int session__end_books(struct session *s, u64 ns, const struct window_end *end,
		       struct record **raw);

/* Finishes a raw record, which must come before the targets execute other programs. If that fails,
 * the record is freed, and *r becomes NULL. */
int session__finish(struct session *s, struct record **r);

#endif
