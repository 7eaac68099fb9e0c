// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Windows that the kernel opens and closes with the migrations of one process.
 */
#include <errno.h>
#include <stdio.h>

#include "books/outcome.h"
#include "books/phases.h"
#include "proc/process.h"
#include "watch/session_internal.h"

/* True if the migration is still under way. */
static bool lasts(pid_t pid, const struct under_way *u)
{
	if (u->told)
		return true;
	return u->thread ? proc__thread_lives(pid, u->thread)
			 : proc__has_descriptor(pid, u->stream);
}

static int arm_under_way(struct session *s, u32 awaits, const struct under_way *u)
{
	pid_t pid = s->targets[0].pid;
	int err = session__begin_books(s);

	if (!err)
		err = tracer__arm_under_way(s->tracer, pid, awaits, u);
	/* The migration may have ended before anybody waited for its end. */
	if (!err && !lasts(pid, u))
		err = tracer__close_window(s->tracer, pid, SIGNAL_ENDED_BEFORE);
	return err;
}

static int arm_waiting(struct session *s, u32 awaits)
{
	pid_t pid = s->targets[0].pid;
	struct window w;
	bool armed = tracer__window(s->tracer, pid, &w);
	/* Before it is armed the window cannot open, so that nothing is being counted yet. */
	int err = session__begin_books(s);

	if (!err)
		err = tracer__arm(s->tracer, pid, awaits);
	/* If the window opened in a process that has just started, its counters start at 0: drop
	 * the opening snapshot. Events that the tracer lost of others may be among them then. */
	if (!err && armed && tracer__window(s->tracer, pid, &w) && w.state != WINDOW_WAITS)
		counters__free(&s->open.counters);
	return err;
}

int session__arm(struct session *s, pid_t pid, u32 awaits, const struct under_way *u)
{
	int err = session__note_targets(s, &pid, 1);
	struct window w;

	s->windowed = true;
	if (!err)
		err = tracer__enter(s->tracer, pid);
	if (!err && u)
		err = tracer__find_others(s->tracer);
	if (err)
		return err;
	/* If the window is open, the kernel saw the migration begin, and has its figures of then.
	 */
	if (!u || (tracer__window(s->tracer, pid, &w) && w.state != WINDOW_WAITS))
		return arm_waiting(s, awaits);
	return u->thread || u->stream >= 0 ? arm_under_way(s, awaits, u) : arm_waiting(s, awaits);
}

int session__started(struct session *s, u32 awaits)
{
	int err;

	session__describe(s, 0);
	err = tracer__enter(s->tracer, s->targets[0].pid);
	if (!err)
		err = tracer__find_others(s->tracer);
	return err ? err : arm_waiting(s, awaits);
}

int session__begun(struct session *s, const struct under_way *u)
{
	if (!tracer__window(s->tracer, s->targets[0].pid, &s->window) ||
	    s->window.state != WINDOW_WAITS)
		return 0;
	return arm_under_way(s, s->window.awaits, u);
}

int session__begin_told(struct session *s, bool sends)
{
	const struct under_way u = {.stream = -1, .told = true, .sends = sends};

	return session__begun(s, &u);
}

/* A window that ends without a signal was ended by the tracer. */
static enum window_reason signal__reason(u32 signal)
{
	switch ((enum window_signal)signal) {
	case SIGNAL_THREAD_ARGUMENT:
		return REASON_THREAD_ARGUMENT;
	case SIGNAL_THREAD_NAME:
		return REASON_THREAD_NAME;
	case SIGNAL_STREAM_BEGIN:
		return REASON_STREAM_BEGIN;
	case SIGNAL_UNDER_WAY:
		return REASON_UNDER_WAY;
	case SIGNAL_THREAD_END:
		return REASON_THREAD_END;
	case SIGNAL_STREAM_END:
		return REASON_STREAM_END;
	case SIGNAL_PROCESS_END:
		return REASON_PROCESS_END;
	case SIGNAL_ENDED_BEFORE:
		return REASON_ENDED_BEFORE;
	case SIGNAL_TOLD:
		return REASON_MIGRATION_END;
	case SIGNAL_NONE:
		break;
	}
	return REASON_TRACER_STOP;
}

/* The window has opened: the books begin with the figures that the kernel took then. */
static void begin(struct session *s)
{
	tracer__refresh(s->tracer, s->targets[0].pid);
	session__remember_code(s);
	target__find_blocks(&s->targets[0]);
	s->open.counters.taken_ns = s->window.open_ns;
	s->opened_by = signal__reason(s->window.opened_by);
	s->nr_ticks = 0;
	s->room.told = 0;
	target__forget_looks(&s->targets[0]); /* of the window before */
	s->begun = true;
}

enum window_state session__look(struct session *s)
{
	if (!tracer__window(s->tracer, s->targets[0].pid, &s->window) ||
	    s->window.state == WINDOW_WAITS || s->window.state == WINDOW_WAKES)
		return WINDOW_WAITS;
	if (!s->begun)
		begin(s);
	return s->window.state;
}

static int make_raw_record(struct session *s, struct record **raw)
{
	struct window_end end = {
		.by = signal__reason(s->window.closed_by),
		.migration = &s->window,
		.outcome = s->told_outcome ? s->told_outcome : window__outcome(&s->window),
	};
	char text[128];
	int err = tracer__settle(s->tracer);

	snprintf(text, sizeof(text), "%s, migration %s", window_reason__text(end.by),
		 migration_outcome__text(end.outcome));
	end.text = text;
	if (!err && !s->phases.n)
		err = phases__of_window(&s->phases, &s->window);
	if (!err)
		err = session__end_books(s, s->window.close_ns, &end, raw);
	s->phases.n = 0;
	return err;
}

/* Gives back the room of what was counted, since it is in the record. The next window begins with
 * what is left, as nothing is counted meanwhile; if that cannot be read, it begins with nothing. */
static int forget_window(struct session *s)
{
	pid_t pid = s->targets[0].pid;
	struct counters left;
	int err;

	tracer__remove_counted(s->tracer, pid, &s->open.counters);
	err = tracer__read(s->tracer, pid, &left);
	if (!err)
		counters__keep(&left, pid);
	left.taken_ns = s->open.counters.taken_ns;
	counters__free(&s->open.counters);
	s->open.counters = left;
	return err;
}

/* Waits for the next migration. A guest that has come here is sent on from here: a second stream
 * comes only if the first has failed, or if another emulator was started in the process meanwhile.
 */
static int rearm(struct session *s)
{
	pid_t pid = s->targets[0].pid;
	struct window last;
	bool receives;

	if (!tracer__window(s->tracer, pid, &last))
		return -ESRCH;
	receives = window__comes_again(&last) || last.executed;
	return tracer__rearm(s->tracer, pid, receives ? last.awaits : AWAITS_THREAD);
}

static int end_window(struct session *s, struct record **out)
{
	int err, made, again;

	session__remember_code(s);
	if (!tracer__window(s->tracer, s->targets[0].pid, &s->window))
		return -ESRCH;
	err = made = make_raw_record(s, out);
	if (!err)
		err = forget_window(s);
	s->begun = false;
	/* The next migration may begin at once. Wait for it before the names are looked up, which
	 * takes longer than everything above: 25 to 75 ms of a record of QEMU's, against 20. */
	again = rearm(s);
	if (!made)
		made = session__finish(s, out);
	if (made)
		return made;
	return err ? err : again;
}

int session__over(struct session *s, struct record **out)
{
	return end_window(s, out);
}

int session__end(struct session *s, enum window_signal by)
{
	return tracer__close_window(s->tracer, s->targets[0].pid, by);
}

int session__cut(struct session *s, enum window_signal by, struct record **out)
{
	int err = session__end(s, by);

	return err ? err : end_window(s, out);
}
