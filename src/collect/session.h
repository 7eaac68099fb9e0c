/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One tracing session: its targets, and the window between two snapshots from which the record is
 * made. Knows neither the command line nor output formats.
 */
#ifndef MIGPOP_COLLECT_SESSION_H
#define MIGPOP_COLLECT_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "collect/phases.h"
#include "collect/tracer.h"
#include "proc/figures.h"
#include "proc/zero_pages.h"
#include "record.h"
#include "vmm/ram_blocks.h"

struct resolver;
struct resolver_options;

/* Content of one of its backings. */
struct look {
	struct backing_key key;
	struct zero_pages found;
};

struct target {
	pid_t pid;
	int pidfd;
	bool gone;
	bool at_exit_known; /* figures read while it stood at its end */
	struct proc_figures at_exit;
	struct ram_told *told; /* of its RAM blocks by its monitor */
	size_t nr_told;
	struct ram_blocks blocks; /* as they were last seen */
	struct look *looks;       /* what its memory held when it was last looked at */
	size_t nr_looks;
};

/* Counters, with the kernel's figures of the edges of the window, and what /proc says when they are
 * read. */
struct snapshot {
	struct counters counters;
	struct proc_figures *figures; /* a target each */
	u64 *pages_again; /* of counters.backings, read a second time; NULL where nothing counts */
};

struct session {
	struct tracer *tracer;
	struct resolver *resolver;
	bool shares_resolver; /* it is others' as well, and not freed with this one */
	enum stack_kind stack;
	struct target *targets;
	size_t nr_targets;
	struct record_target *described; /* a target each, as it was when added */
	struct snapshot open;
	enum window_reason opened_by;
	bool windowed; /* its one target has a window of its own, and others share the tracer */
	struct window window; /* as it was when last looked at */
	bool begun;           /* it is open, and the books have begun with it */
	enum migration_outcome
		told_outcome;   /* by QEMU, for its record; unknown where it says none */
	unsigned int told_room; /* bits of tables: that they are full has been told */
	struct phases phases;
	struct record_tick *ticks;
	size_t nr_ticks;
};

/* Has it ended? Its process id says nothing of it from then on. */
bool target__is_gone(struct target *t);

/* 0, or -ENOMEM; to be freed either way. */
int session__init(struct session *s, struct tracer *tracer, enum stack_kind stack,
		  const struct resolver_options *names);
/* The same with a resolver that others share: files that many targets execute are opened once. */
void session__init_shared(struct session *s, struct tracer *tracer, enum stack_kind stack,
			  struct resolver *resolver);
void session__free(struct session *s);

/* Adds processes, of which nothing is counted yet. -ESRCH: one of them is gone. */
int session__watch(struct session *s, const pid_t *pids, size_t n);

/*
 * One process, in a window that opens and closes with a migration that it sends or receives
 * ("awaits", enum window_awaits), instead of session__watch(), open and close. One that is under
 * way ("u") is watched from here on. "u" is NULL of a process that is just being started: it has no
 * migration and no memory yet, which session__started() enters. The tracer may be shared with other
 * sessions. 0, or a negative errno.
 */
int session__arm(struct session *s, pid_t pid, u32 awaits, const struct under_way *u);

/* The process has been started, or its window has opened before that was seen, and session__look()
 * has not said so yet: what it is and what memory it has is known from here on. 0, or a negative
 * errno. */
int session__started(struct session *s, u32 awaits);

/* What has become of the window, to be asked when the tracer has an event: as it opens the books
 * begin with the figures of that moment, which the kernel took. WINDOW_WAITS also where that cannot
 * be. */
enum window_state session__look(struct session *s);

/* WINDOW_EVENT_BEGUN: while the last window was over, and its record not made, the next migration
 * has begun. It is watched from here on, unless it was waited for again by then. */
int session__begun(struct session *s, const struct under_way *u);

/* The same of one that QEMU tells of, and that has left no sign: only session__cut() ends it. */
int session__begin_told(struct session *s, bool sends);

/* It is over: makes the record, and waits for the next one. */
int session__over(struct session *s, struct record **out);

/* Ends the window before its time ("by", see tracer__close_window()): it is over then. */
int session__end(struct session *s, enum window_signal by);

/* The same, then as session__over(). */
int session__cut(struct session *s, enum window_signal by, struct record **out);

/* What target "i" says of its RAM blocks: "told" becomes the session's. */
void session__tell_blocks(struct session *s, size_t i, struct ram_told *told, size_t n);

/* Which of target "i"'s memory is which RAM block: looks again, while it is there. */
void session__find_blocks(struct session *s, size_t i);

/* Describes target "i" again, as after an exec. */
void session__describe(struct session *s, size_t i);

/* Serves processes whose executable mappings have changed (tracer__changes_fd()). */
void session__serve(struct session *s);

/* Target "i" stands at its end: looks at its memory before that goes. */
void session__look_at_exit(struct session *s, size_t i);

/* The window opens: counting begins here. */
int session__open(struct session *s, enum window_reason by);

/* A point of the timeline, and a record of the window so far if "out" is not NULL. */
int session__tick(struct session *s, struct record **out);

/* Stops counting and makes the record. "text" says the reason for people; NULL: as the word does.
 */
int session__close(struct session *s, enum window_reason by, const char *text, struct record **out);

#endif
