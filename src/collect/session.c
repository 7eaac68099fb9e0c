// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One tracing session: targets, snapshots, and the window between two of them.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "collect/books.h"
#include "collect/outcome.h"
#include "collect/room.h"
#include "collect/session.h"
#include "collect/zeros.h"
#include "proc/process.h"
#include "symbol/resolve.h"
#include "vmm/process.h"

int session__init(struct session *s, struct tracer *tracer, enum stack_kind stack,
		  const struct resolver_options *names)
{
	memset(s, 0, sizeof(*s));
	s->tracer = tracer;
	s->stack = stack;
	s->resolver = resolver__new(names);
	return s->resolver ? 0 : -ENOMEM;
}

void session__init_shared(struct session *s, struct tracer *tracer, enum stack_kind stack,
			  struct resolver *resolver)
{
	memset(s, 0, sizeof(*s));
	s->tracer = tracer;
	s->stack = stack;
	s->resolver = resolver;
	s->shares_resolver = true;
}

static void snapshot__free(struct snapshot *snap)
{
	counters__free(&snap->counters);
	free(snap->figures);
	free(snap->pages_again);
	memset(snap, 0, sizeof(*snap));
}

void session__free(struct session *s)
{
	for (size_t i = 0; i < s->nr_targets; i++) {
		if (s->targets[i].pidfd >= 0)
			close(s->targets[i].pidfd);
		free(s->targets[i].looks);
		ram_blocks__free(&s->targets[i].blocks);
		free(s->targets[i].told);
		record_target__clear(&s->described[i]);
	}
	free(s->targets);
	free(s->described);
	free(s->ticks);
	phases__free(&s->phases);
	snapshot__free(&s->open);
	if (!s->shares_resolver)
		resolver__free(s->resolver);
}

void session__find_blocks(struct session *s, size_t i)
{
	struct target *t = &s->targets[i];

	if (!target__is_gone(t))
		ram_blocks__read(&t->blocks, &s->described[i], t->pid, t->told, t->nr_told);
}

void session__tell_blocks(struct session *s, size_t i, struct ram_told *told, size_t n)
{
	free(s->targets[i].told);
	s->targets[i].told = told;
	s->targets[i].nr_told = n;
	session__find_blocks(s, i);
}

void session__describe(struct session *s, size_t i)
{
	struct record_target now, *d = &s->described[i];

	record_target__init(&now);
	vmm_process__describe(s->targets[i].pid, &now);
	/* A process that is ending has no command line any more: what was known of it stands. */
	if (d->nr_cmdline && !now.nr_cmdline) {
		record_target__clear(&now);
		return;
	}
	record_target__clear(d);
	*d = now;
	if (!resolver__remember(s->resolver, s->targets[i].pid))
		d->build_id = resolver__exe_build_id(s->resolver, s->targets[i].pid, d->exe);
	ram_blocks__free(&s->targets[i].blocks);
	session__find_blocks(s, i);
}

/* Names of what a process maps now are wanted after it is gone. */
static void remember_served(pid_t pid, void *data)
{
	struct session *s = data;

	resolver__remember(s->resolver, pid);
}

void session__serve(struct session *s)
{
	tracer__serve(s->tracer, remember_served, s);
}

static int add_targets(struct session *s, const pid_t *pids, size_t n)
{
	struct record_target *described;
	struct target *targets;

	targets = realloc(s->targets, (s->nr_targets + n) * sizeof(*targets));
	if (!targets)
		return -ENOMEM;
	s->targets = targets;
	described = realloc(s->described, (s->nr_targets + n) * sizeof(*described));
	if (!described)
		return -ENOMEM;
	s->described = described;
	for (size_t i = 0; i < n; i++) {
		size_t at = s->nr_targets;
		int pidfd = (int)syscall(SYS_pidfd_open, pids[i], 0);

		if (pidfd < 0)
			return -errno;
		memset(&targets[at], 0, sizeof(*targets));
		record_target__init(&described[at]);
		targets[at].pid = pids[i];
		targets[at].pidfd = pidfd;
		s->nr_targets++;
		session__describe(s, at);
	}
	return 0;
}

int session__watch(struct session *s, const pid_t *pids, size_t n)
{
	int err = add_targets(s, pids, n);

	if (!err)
		tracer__watch(s->tracer, pids, n);
	return err;
}

bool target__is_gone(struct target *t)
{
	struct pollfd p = {.fd = t->pidfd, .events = POLLIN};

	if (!t->gone && poll(&p, 1, 0) > 0)
		t->gone = true;
	return t->gone;
}

/* The figures of a target, all unknown for one that is gone: its process id may be another's by
 * now. As long as it is there after the reading, it was the one that was read. */
static int target__figures(struct target *t, struct proc_figures *out)
{
	int err;

	if (t->at_exit_known) {
		*out = t->at_exit;
		return 0;
	}
	err = proc__figures_cheap(t->pid, out);
	if (!target__is_gone(t))
		return err;
	memset(out, 0xff, sizeof(*out));
	return -ESRCH;
}

/* The files' figures again after the counters: what differs moved meanwhile. Of no interest where
 * counting has ended, or has not begun. */
static int read_again(struct session *s, struct snapshot *snap)
{
	struct counters again;
	int err;

	snap->pages_again = calloc(snap->counters.nr_backings + 1, sizeof(*snap->pages_again));
	if (!snap->pages_again)
		return -ENOMEM;
	err = tracer__read_backings(s->tracer, &again);
	if (!err)
		books__pages_again(&snap->counters, &again, snap->pages_again);
	counters__free(&again);
	return err;
}

static int snapshot__take(struct session *s, bool counting, struct snapshot *snap)
{
	int err;

	memset(snap, 0, sizeof(*snap));
	snap->figures = calloc(s->nr_targets, sizeof(*snap->figures));
	if (!snap->figures)
		return -ENOMEM;
	for (size_t i = 0; i < s->nr_targets; i++)
		target__figures(&s->targets[i], &snap->figures[i]);
	err = tracer__read(s->tracer, s->windowed ? s->targets[0].pid : 0, &snap->counters);
	if (!err && s->windowed)
		counters__keep(&snap->counters, s->targets[0].pid);
	if (!err && counting)
		err = read_again(s, snap);
	if (err)
		snapshot__free(snap);
	return err;
}

/* What was counted until here is none of the window's. */
static int open_window(struct session *s)
{
	struct snapshot snap;
	int err = snapshot__take(s, false, &snap);

	if (err)
		return err;
	snapshot__free(&s->open);
	s->open = snap;
	s->nr_ticks = 0;
	return 0;
}

int session__open(struct session *s, enum window_reason by)
{
	int err;

	tracer__drain();
	err = tracer__enter_memory(s->tracer);
	if (!err)
		err = open_window(s);
	s->opened_by = by;
	return err ? err : tracer__begin(s->tracer, &s->open.counters.taken_ns);
}

static int add_tick(struct session *s, const struct snapshot *snap)
{
	struct record_tick *more = realloc(s->ticks, (s->nr_ticks + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	s->ticks = more;
	room__tell(s, &snap->counters);
	books__tick(s, snap, &s->ticks[s->nr_ticks++]);
	return 0;
}

/* Can the memory of a target be looked at? One that stood at its end and was looked at there goes
 * on to give its memory up, which it cannot while somebody looks: we would do it in its place. */
static bool target__has_memory(struct target *t)
{
	return !t->at_exit_known && !target__is_gone(t);
}

/* Mappings of the living are remembered anew: names are wanted after they are gone. */
static void remember_mappings(struct session *s)
{
	for (size_t i = 0; i < s->nr_targets; i++)
		if (target__has_memory(&s->targets[i]))
			resolver__remember(s->resolver, s->targets[i].pid);
}

/* Looks at the memory of the living, for what the window populated. */
static void look_at_content(struct session *s, const struct counters *now)
{
	for (size_t i = 0; i < s->nr_targets; i++)
		if (target__has_memory(&s->targets[i])) {
			session__find_blocks(s, i);
			zeros__look(s, i, now);
		}
}

void session__look_at_exit(struct session *s, size_t i)
{
	struct counters now;

	if (tracer__read(s->tracer, 0, &now))
		return;
	session__find_blocks(s, i);
	zeros__look(s, i, &now);
	counters__free(&now);
}

int session__tick(struct session *s, struct record **out)
{
	struct snapshot snap;
	int err;

	err = snapshot__take(s, true, &snap);
	if (err)
		return err;
	err = add_tick(s, &snap);
	remember_mappings(s);
	for (size_t i = 0; i < s->nr_targets; i++)
		if (!s->targets[i].blocks.n && target__has_memory(&s->targets[i]))
			session__find_blocks(s, i); /* one that has just been started */
	if (!err && out)
		err = books__make_record(s, &snap, REASON_STILL_OPEN, NULL, out);
	snapshot__free(&snap);
	return err;
}

int session__close(struct session *s, enum window_reason by, const char *text, struct record **out)
{
	struct snapshot snap;
	u64 ns;
	int err;

	err = tracer__stop(s->tracer, &ns);
	remember_mappings(s);
	if (!err)
		err = snapshot__take(s, false, &snap);
	if (err)
		return err;
	snap.counters.taken_ns = ns;
	err = add_tick(s, &snap);
	look_at_content(s, &snap.counters);
	if (!err)
		err = books__make_record(s, &snap, by, text, out);
	snapshot__free(&snap);
	return err;
}

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
	int err = open_window(s);

	if (!err)
		err = tracer__arm_under_way(s->tracer, pid, awaits, u);
	/* Its end may have come before it was waited for. */
	if (!err && !lasts(pid, u))
		err = tracer__close_window(s->tracer, pid, SIGNAL_ENDED_BEFORE);
	return err;
}

static int arm_waiting(struct session *s, u32 awaits)
{
	pid_t pid = s->targets[0].pid;
	struct window w;
	bool armed = tracer__window(s->tracer, pid, &w);
	/* What nobody has counted yet can be read before the window may open. */
	int err = open_window(s);

	if (!err)
		err = tracer__arm(s->tracer, pid, awaits);
	/* Of one that has opened in a process that was just started all that was counted is this
	 * window's; what the tracer has lost of others may be among it. */
	if (!err && armed && tracer__window(s->tracer, pid, &w) && w.state != WINDOW_WAITS)
		counters__free(&s->open.counters);
	return err;
}

int session__arm(struct session *s, pid_t pid, u32 awaits, const struct under_way *u)
{
	int err = add_targets(s, &pid, 1);
	struct window w;

	s->windowed = true;
	if (!err)
		err = tracer__enter(s->tracer, pid);
	if (!err && u)
		err = tracer__find_others(s->tracer);
	if (err)
		return err;
	/* The kernel saw the migration begin that is under way, and has its figures of then. */
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

/* What ends without a signal of its own is ended by the tracer. */
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

static void begin(struct session *s)
{
	tracer__refresh(s->tracer, s->targets[0].pid);
	remember_mappings(s);
	session__find_blocks(s, 0);
	s->open.counters.taken_ns = s->window.open_ns;
	s->opened_by = signal__reason(s->window.opened_by);
	s->nr_ticks = 0;
	s->told_room = 0;
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

static int make_record(struct session *s, struct record **out)
{
	struct snapshot snap;
	enum window_reason by = signal__reason(s->window.closed_by);
	enum migration_outcome outcome = s->told_outcome ? s->told_outcome
							 : window__outcome(&s->window);
	char text[128];
	int err;

	err = tracer__settle(s->tracer);
	if (!err)
		err = snapshot__take(s, false, &snap);
	if (err)
		return err;
	snap.counters.taken_ns = s->window.close_ns;
	err = add_tick(s, &snap);
	free(s->targets[0].looks); /* of the window before */
	s->targets[0].looks = NULL;
	s->targets[0].nr_looks = 0;
	look_at_content(s, &snap.counters);
	if (!err && !s->phases.n)
		err = phases__of_window(&s->phases, &s->window);
	snprintf(text, sizeof(text), "%s, migration %s", window_reason__text(by),
		 migration_outcome__text(outcome));
	if (!err)
		err = books__make_record(s, &snap, by, text, out);
	s->phases.n = 0;
	if (!err) {
		window__describe(&s->window, &(*out)->migration);
		(*out)->migration.outcome = outcome;
	}
	/* Nothing counts until the next one opens: where this ends, that begins. */
	snapshot__free(&s->open);
	s->open = snap;
	return err;
}

/* What was counted is in the record, and makes room. The next window begins with what is left:
 * nothing counts meanwhile. Where that cannot be read it begins with nothing. */
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

static int end_window(struct session *s, struct record **out)
{
	int err, again;

	remember_mappings(s);
	if (!tracer__window(s->tracer, s->targets[0].pid, &s->window))
		return -ESRCH;
	err = make_record(s, out);
	if (!err)
		err = forget_window(s);
	s->begun = false;
	again = tracer__rearm(s->tracer, s->targets[0].pid);
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
