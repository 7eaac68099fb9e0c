// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One tracer for all emulators, a session each. An emulator that starts is taken in at once, and
 * looked at again when it waits in its main loop for the first time: by then it has its memory, and
 * what it does before is no migration. Where the tracer rests, the hooks that count are attached
 * while a window is open, or may open without a warning.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "loop.h"
#include "proc/process.h"
#include "reader/client.h"
#include "symbol/resolve.h"
#include "vmm/process.h"
#include "vmm/program.h"
#include "watch/watcher_internal.h"

struct emulator_session *watcher__find(struct watcher *w, pid_t pid)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i]->pid == pid)
			return w->v[i];
	return NULL;
}

void watcher__problem(struct watcher *w, pid_t pid, const char *kind, const char *what)
{
	w->calls.problem(pid, kind, what, w->calls.data);
}

static void on_problem(pid_t pid, const char *kind, const char *what, void *data)
{
	watcher__problem(data, pid, kind, what);
}

enum { START_POLL_MS = 20, START_MAX_MS = 60000 };

static void emulator_session__free(struct emulator_session *e)
{
	session__free(&e->session);
	free(e);
}

/* A session of "pid", armed. */
static int emulator_session__new(struct emulator_session **out, struct watcher *w, pid_t pid,
				 u32 awaits, pid_t migration_thread)
{
	const struct under_way u = {.thread = awaits & AWAITS_THREAD ? migration_thread : 0,
				    .stream = -1};
	struct emulator_session *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	e->pid = pid;
	e->awaits = awaits;
	e->incoming = awaits & AWAITS_STREAM;
	if (!migration_thread && !proc__waits(pid))
		e->starts_until = clock__ms() + START_MAX_MS;
	session__init_shared(&e->session, w->tracer, w->options.stack, w->resolver);
	e->session.rules = w->rules;
	err = session__arm(&e->session, pid, awaits, e->starts_until ? NULL : &u);
	if (err) {
		tracer__disarm(w->tracer, pid);
		resolver__forget(w->resolver, pid);
		emulator_session__free(e);
		return err;
	}
	*out = e;
	return 0;
}

/* Unless it is gone, its migrations will be missed. */
static void not_watched(struct watcher *w, pid_t pid, int err)
{
	char what[128];

	if (err == -ESRCH)
		return;
	snprintf(what, sizeof(what), "pid %d is not watched: %s", (int)pid, reader__why(err));
	watcher__problem(w, 0, "emulator", what);
}

static void no_record(struct watcher *w, const struct emulator_session *e, int err)
{
	char what[128];

	snprintf(what, sizeof(what), "no record of a migration of pid %d: %s", (int)e->pid,
		 strerror(-err));
	watcher__problem(w, e->pid, "record", what);
}

/* The record is made, but what it counted was not removed, or the next window cannot open. */
static void not_ready(struct watcher *w, const struct emulator_session *e, int err)
{
	char what[128];

	snprintf(what, sizeof(what), "pid %d is not ready for its next migration: %s", (int)e->pid,
		 strerror(-err));
	watcher__problem(w, 0, "room", what);
}

/* "err" is of the making of "r", which is taken over, or of what makes room after it. */
static void on_end(struct watcher *w, struct emulator_session *e, int err, struct record *r)
{
	struct window next;

	w->worn = true;
	if (r)
		w->calls.record(r, w->calls.data);
	else
		no_record(w, e, err);
	if (r && err)
		not_ready(w, e, err);
	record__free(r);
	e->incoming = tracer__window(w->tracer, e->pid, &next) && next.awaits & AWAITS_STREAM;
	watcher__stay_awake(w);
}

/* Ends the window of one, if it is open, before its time. */
static void cut_window(struct watcher *w, struct emulator_session *e, enum window_signal by)
{
	struct record *r = NULL;
	int err;

	if (!e->session.begun)
		return;
	err = session__cut(&e->session, by, &r);
	on_end(w, e, err, r);
}

/* It waits in its main loop, or its window has opened. */
static void on_started(struct watcher *w, struct emulator_session *e)
{
	int err;

	e->starts_until = 0;
	if (target__is_gone(&e->session.targets[0]))
		return;
	err = session__started(&e->session, e->awaits);
	if (err) {
		char what[128];

		snprintf(what, sizeof(what), "cannot find who shares the memory of pid %d: %s",
			 (int)e->pid, strerror(-err));
		watcher__problem(w, 0, "emulator", what);
	}
}

/* What the window says counts, an event only that it is worth a look. */
static void look(struct watcher *w, struct emulator_session *e)
{
	bool was_open = e->session.begun;
	enum window_state state;
	struct window now;

	if (e->starts_until && tracer__window(w->tracer, e->pid, &now) && now.state != WINDOW_WAITS)
		on_started(w, e);
	state = session__look(&e->session);

	if (state == WINDOW_WAITS)
		return;
	if (!was_open && w->calls.opened)
		w->calls.opened(e->pid, w->calls.data);
	if (state == WINDOW_OVER) {
		struct record *r = NULL;
		int err = session__over(&e->session, &r);

		on_end(w, e, err, r);
	}
}

static void take_in(struct watcher *w, pid_t pid)
{
	struct emulator_session **more;
	struct emulator_state state;
	u32 awaits = w->options.arm_started;
	int err;

	vmm_process__state(pid, &state);
	if (!state.incoming)
		awaits &= ~(u32)AWAITS_STREAM;
	if (!awaits) {
		tracer__disarm(w->tracer, pid);
		return;
	}
	more = reallocarray(w->v, w->n + 1, sizeof(*more));
	if (!more) {
		not_watched(w, pid, -ENOMEM);
		return;
	}
	w->v = more;
	if (awaits & AWAITS_STREAM || state.migration_thread)
		watcher__wake(w);
	err = emulator_session__new(&more[w->n], w, pid, awaits, state.migration_thread);
	if (err) {
		not_watched(w, pid, err);
		return;
	}
	w->n++;
	w->calls.watched(pid, w->calls.data);
	look(w, more[w->n - 1]);
}

static void look_at_starting(struct watcher *w)
{
	uint64_t now = clock__ms();

	for (size_t i = 0; i < w->n; i++) {
		struct emulator_session *e = w->v[i];

		if (!e->starts_until)
			continue;
		if (proc__waits(e->pid) || now >= e->starts_until)
			on_started(w, e);
		else /* What it executes is read meanwhile. */
			tracer__refresh(w->tracer, e->pid);
	}
}

void watcher__scan(struct watcher *w)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && !watcher__find(w, pid) && vmm_process__is_one(pid))
			take_in(w, pid);
	}
	if (proc)
		closedir(proc);
}

static void forget(struct watcher *w, size_t i)
{
	struct emulator_session *e = w->v[i];

	/* It should have been closed as the process ended. */
	cut_window(w, e, SIGNAL_ENDED_BEFORE);
	tracer__disarm(w->tracer, e->pid);
	resolver__forget(w->resolver, e->pid);
	emulator_session__free(e);
	w->worn = true;
	w->v[i] = w->v[--w->n];
}

/* A QEMU that updates itself (cpr-exec) starts the new one in its own process, which reads at once
 * what the old one saved: it is the same session. False: it is not known, or is no emulator now. */
static bool goes_on(struct watcher *w, pid_t pid)
{
	struct emulator_session *e = watcher__find(w, pid);

	if (!e || !(w->options.arm_started & AWAITS_STREAM) || !vmm_process__is_one(pid))
		return false;
	look(w, e);
	if (tracer__arm_started(w->tracer, pid, w->options.arm_started))
		return false;
	e->incoming = true;
	watcher__wake(w);
	session__describe(&e->session, 0);
	look(w, e);
	return true;
}

/* A program was started: in a process that is known it has taken the place of the emulator. */
static void on_exec(struct watcher *w, pid_t pid)
{
	struct emulator_state state;

	if (goes_on(w, pid))
		return;
	for (size_t i = 0; i < w->n; i++) {
		if (w->v[i]->pid != pid)
			continue;
		look(w, w->v[i]);
		forget(w, i);
		break;
	}
	if (!vmm_process__is_one(pid)) {
		tracer__disarm(w->tracer, pid);
		return;
	}
	/* A stream may come as soon as it listens, and it may be told to migrate as soon as it
	 * hears. */
	vmm_process__state(pid, &state);
	if (state.incoming || w->options.arm_started & AWAITS_THREAD)
		watcher__wake(w);
	take_in(w, pid);
}

/* A program was started whose name tells nothing. The answer is given each time, since the process
 * may execute another one by now; none where it is gone, or cannot be read: it will be asked for
 * again. False: this is no emulator, and was none. */
static bool answer(struct watcher *w, const struct exec_event *exec)
{
	pid_t pid = (pid_t)exec->event.tgid;
	struct window armed;
	struct program p;

	if (!exec->program.inode)
		return true;
	p = program__of(pid);
	if (p.tell)
		not_watched(w, pid, p.error);
	/* A program that cannot be read would cost as much time at each start. */
	if (!p.error || reader__has_failed(p.error))
		tracer__answer(w->tracer, &exec->program, p.vmm);
	if (p.vmm || watcher__find(w, pid))
		return true;
	if (tracer__window(w->tracer, pid, &armed))
		tracer__disarm(w->tracer, pid);
	return false;
}

static void on_event(const struct window_event *event, void *data)
{
	const struct under_way u = {.thread = (pid_t)event->thread, .stream = event->stream};
	struct watcher *w = data;
	struct emulator_session *e = watcher__find(w, (pid_t)event->tgid);

	if (event->kind == WINDOW_EVENT_EXEC) {
		if (answer(w, (const struct exec_event *)event))
			on_exec(w, (pid_t)event->tgid);
	} else if (event->kind == WINDOW_EVENT_SOON) {
		watcher__wake(w);
	} else if (event->kind == WINDOW_EVENT_MISSED) {
		watcher__wake(w);
		watcher__scan(w);
		for (size_t i = 0; i < w->n; i++)
			look(w, w->v[i]);
	} else if (e) {
		if (event->kind == WINDOW_EVENT_RUNS)
			e->incoming = false;
		if (event->kind == WINDOW_EVENT_BEGUN) {
			watcher__wake(w);
			session__begun(&e->session, &u);
		}
		look(w, e);
	}
}

static bool any_starts(const struct watcher *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i]->starts_until)
			return true;
	return false;
}

static void forget_gone(struct watcher *w)
{
	bool gone = false, goes_on_elsewhere = false;

	for (size_t i = 0; i < w->n; i++)
		gone = target__is_gone(&w->v[i]->session.targets[0]) || gone;
	if (!gone)
		return;
	/* What they did last may have come with their end. */
	tracer__window_events(w->tracer, on_event, w);
	for (size_t i = w->n; i > 0; i--) {
		if (!w->v[i - 1]->session.targets[0].gone)
			continue;
		goes_on_elsewhere |= w->v[i - 1]->starts_until;
		forget(w, i - 1);
	}
	/* With -daemonize a child goes on, which executes no program: the process that was started
	 * ends before it has come to its main loop, once the child is about to enter its own. */
	if (goes_on_elsewhere)
		watcher__scan(w);
}

static void free_sessions(struct emulator_session **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		emulator_session__free(v[i]);
	free(v);
}

static void on_read(pid_t pid, void *data)
{
	struct emulator_session *e = watcher__find(data, pid);

	if (e)
		resolver__remember(e->session.resolver, pid);
}

void watcher__run(struct watcher *w)
{
	tracer__window_events(w->tracer, on_event, w);
	tracer__read_changed_mappings(w->tracer, on_read, w);
	forget_gone(w);
	look_at_starting(w);
	watcher__keep_up(w);
}

void watcher__await(const struct watcher *w, struct loop *l)
{
	loop__await(l, tracer__changes_fd(w->tracer));
	loop__await(l, tracer__window_fd(w->tracer));
	for (size_t i = 0; i < w->n; i++)
		loop__await(l, w->v[i]->session.targets[0].pidfd);
	if (any_starts(w))
		loop__await_time(l, clock__ms() + START_POLL_MS);
	watcher__await_upkeep(w, l);
}

void watcher__use_rules(struct watcher *w, const struct rules *rules)
{
	w->rules = rules;
	for (size_t i = 0; i < w->n; i++)
		w->v[i]->session.rules = rules;
}

size_t watcher__count(const struct watcher *w)
{
	return w->n;
}

size_t watcher__tables(struct watcher *w, struct tracer_table *tables)
{
	return tracer__tables(w->tracer, tables);
}

enum mode watcher__mode(const struct watcher *w)
{
	return tracer__mode(w->tracer);
}

static void on_unreadable(pid_t pid, const char *path, int err, void *data)
{
	char what[512];

	resolver__say_unreadable(what, sizeof(what), pid, path, err);
	watcher__problem(data, pid, "executable", what);
}

int watcher__open(struct watcher **out, const struct tracer_options *options,
		  const struct resolver_options *names, const struct watcher_calls *calls,
		  char *why, size_t size)
{
	struct watcher *w = calloc(1, sizeof(*w));
	struct resolver_options named = *names;
	int err;

	*out = NULL;
	if (!w)
		return -ENOMEM;
	named.unreadable = on_unreadable;
	named.data = w;
	w->options = *options;
	w->options.windowed = true;
	w->options.problem = on_problem;
	w->options.problem_data = w;
	w->calls = *calls;
	w->resolver = resolver__new(&named);
	snprintf(why, size, "out of memory");
	w->awake = !w->options.rests;
	err = w->resolver ? tracer__open(&w->tracer, &w->options, why, size) : -ENOMEM;
	if (err) {
		resolver__free(w->resolver);
		free(w);
		return err;
	}
	watcher__scan(w);
	*out = w;
	return 0;
}

void watcher__close(struct watcher *w)
{
	if (!w)
		return;
	tracer__window_events(w->tracer, on_event, w);
	for (size_t i = 0; i < w->n; i++)
		cut_window(w, w->v[i], SIGNAL_NONE);
	free_sessions(w->v, w->n);
	tracer__close(w->tracer);
	resolver__free(w->resolver);
	free(w);
}
