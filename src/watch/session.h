/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One tracing session: its targets, and the window between two snapshots from which the record is
 * made. Knows neither the command line nor output formats.
 */
#ifndef MIGPOP_WATCH_SESSION_H
#define MIGPOP_WATCH_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "books/phases.h"
#include "counters.h"
#include "record.h"
#include "tracer/tracer.h"
#include "watch/room.h"
#include "watch/target.h"

struct resolver;
struct resolver_options;
struct rules;

struct session {
	struct tracer *tracer;
	struct resolver *resolver;
	bool shares_resolver; /* others use it, too, so that it is not freed with the session */
	const struct rules *rules; /* for the categories of its records; NULL: none are found */
	enum stack_kind stack;
	struct target *targets;
	size_t nr_targets;
	struct snapshot open; /* of the opening of the window */
	enum window_reason opened_by;
	bool windowed;        /* the only target has a window of its own; others share the tracer */
	struct window window; /* as it was when it was looked at last */
	bool begun;           /* the window is open, and the books have begun with it */
	enum migration_outcome told_outcome; /* what QEMU said of the outcome, for the record;
						unknown if it said nothing */
	struct room room;
	struct phases phases;
	struct record_tick *ticks;
	size_t nr_ticks;
};

/* Makes a session without targets. Returns 0 or -ENOMEM; call session__free() in either case. */
int session__init(struct session *s, struct tracer *tracer, enum stack_kind stack,
		  const struct resolver_options *names);
/* The same, with a resolver that sessions share, so that files that many targets execute are opened
 * once. */
void session__init_shared(struct session *s, struct tracer *tracer, enum stack_kind stack,
			  struct resolver *resolver);
void session__free(struct session *s);

/* --- targets --- */

/* Adds processes, of which nothing is counted yet. Returns 0 or a negative errno; -ESRCH if one of
 * them is gone. */
int session__add_targets(struct session *s, const pid_t *pids, size_t n);

/* Takes over what the monitor of target "i" said of its RAM blocks. */
void session__tell_blocks(struct session *s, size_t i, struct ram_told *told, size_t n);

/* Describes target "i" again, as after it has executed a program. */
void session__describe(struct session *s, size_t i);

/* Reads the executable mappings of processes that have changed them; call it when
 * tracer__changes_fd() is readable. */
void session__read_changed_mappings(struct session *s);

/* Target "i" stands at its end: looks at its memory before that goes. */
void session__look_at_exit(struct session *s, size_t i);

/* --- one window, from a call to a call --- */

/* Opens the window: counting begins here. Returns 0 or a negative errno. */
int session__open(struct session *s, enum window_reason by);

/* Adds a point to the timeline, and makes a record of the window so far if "out" is not NULL.
 * Returns 0 or a negative errno. */
int session__tick(struct session *s, struct record **out);

/* Stops counting and makes the record. "text" says the reason for people; NULL: as the word does.
 * Returns 0 or a negative errno. */
int session__close(struct session *s, enum window_reason by, const char *text, struct record **out);

/* --- windows that migrations open and close --- */

/*
 * Watches one process, in a window that opens and closes with a migration that it sends or receives
 * ("awaits", enum window_awaits). Call it instead of session__add_targets(), session__open() and
 * session__close(). A migration that is under way ("u") is watched from here on. "u" is NULL for a
 * process that is just being started: it has no migration and no memory yet, and
 * session__started() follows. The tracer may be shared with other sessions. Returns 0 or a negative
 * errno.
 */
int session__arm(struct session *s, pid_t pid, u32 awaits, const struct under_way *u);

/* The process has been started, or its window has opened before that was seen, and session__look()
 * has not said so yet: finds out what the process is and what memory it has. Returns 0 or a
 * negative errno. */
int session__started(struct session *s, u32 awaits);

/* Returns what has become of the window; ask when the tracer has an event. If the window has
 * opened, the books begin with the figures of that moment, which the kernel took. WINDOW_WAITS also
 * if that cannot be known. */
enum window_state session__look(struct session *s);

/* After WINDOW_EVENT_BEGUN: while the last window was over and its record not made, the next
 * migration has begun. It is watched from here on, unless its window has opened by then. Returns 0
 * or a negative errno. */
int session__begun(struct session *s, const struct under_way *u);

/* The same for a migration that QEMU tells of, and that has left no sign: only session__cut() ends
 * it. */
int session__begin_told(struct session *s, bool sends);

/* Makes the record of a window that is over, and waits for the next one. Returns 0 or a negative
 * errno; a record that is made is in *out although room could not be given back after it. */
int session__over(struct session *s, struct record **out);

/* Ends the window before its time ("by": see tracer__close_window()): it is over then. Returns 0 or
 * a negative errno. */
int session__end(struct session *s, enum window_signal by);

/* Does session__end(), then session__over(). */
int session__cut(struct session *s, enum window_signal by, struct record **out);

#endif
