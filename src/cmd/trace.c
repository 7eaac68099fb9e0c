// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * migpop trace: which processes are traced, when the window opens and closes, and where the record
 * goes.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "cmd/cmd.h"
#include "cmd/inout.h"
#include "cmd/trace.h"
#include "cmd/trace_options.h"
#include "loop.h"
#include "output/json.h"
#include "probe/privilege.h"
#include "proc/process.h"
#include "symbol/debug_file.h"
#include "symbol/rules.h"
#include "vmm/monitor.h"
#include "vmm/process.h"
#include "vmm/program.h"
#include "vmm/vmm.h"
#include "watch/launch.h"
#include "watch/session.h"

/* QMP_POLL_MS: if the window was opened because the monitor said so, the monitor also closes it, so
 * it is asked often. */
enum { TICK_MS = 500, QMP_POLL_MS = 10 };

struct trace {
	const struct trace_options *options;
	struct session session;
	struct tracer *tracer;
	const struct vmm_monitor *speaks; /* how the monitor is spoken to, if there is one */
	struct monitor *monitor;          /* NULL: none was given */
	pid_t child;      /* the command; 0 if there is none, or if it was waited for */
	int child_status; /* its wait status */
	bool migrating;   /* the window has opened */
	bool told;        /* the window was opened only because the monitor said so */
	bool unseen;      /* the monitor says that a migration has ended, but no window opened */
	unsigned int asked_under_way; /* how often the monitor said that a migration is under way,
					 before a window opened */
	bool over;                    /* the kernel has closed the window */
	int signal_fd;
	uint64_t start_ms, next_tick_ms, next_line_ms;
	struct record *last; /* the record that the last line of the live table showed */
};

static int start_child(struct trace *t)
{
	const char *no_ptrace = privilege__why_no_ptrace();
	pid_t pid;
	int err;

	if (no_ptrace)
		return fail(STATUS_MACHINE,
			    "cannot run %s under the tracer: %s; start it, then -p PID",
			    t->options->command[0], no_ptrace);
	pid = launch__start(t->options->command);
	if (pid < 0)
		return fail(STATUS_USAGE, "cannot run %s: %s", t->options->command[0],
			    strerror(-pid));
	t->child = pid;
	err = session__add_targets(&t->session, &pid, 1);
	if (!err)
		err = session__open(&t->session, REASON_COMMAND_START);
	if (err)
		return fail(STATUS_FAULT, "cannot trace %s: %s", t->options->command[0],
			    strerror(-err));
	tracer__stop_on_mapping(t->tracer, pid);
	launch__continue(pid);
	return STATUS_OK;
}

static enum window_state look(struct trace *t)
{
	enum window_state state = session__look(&t->session);

	t->migrating = t->migrating || state != WINDOW_WAITS;
	t->over = state == WINDOW_OVER;
	return state;
}

/* Handles an event that the kernel sends about the target's window. */
static void on_window(const struct window_event *event, void *data)
{
	struct under_way u = {.thread = (pid_t)event->thread, .stream = event->stream};
	struct trace *t = data;

	if (event->tgid != (u32)t->options->pids[0] && event->kind != WINDOW_EVENT_MISSED)
		return;
	if (event->kind == WINDOW_EVENT_BEGUN && !t->over)
		session__begun(&t->session, &u);
	look(t);
}

/* Opens the window because the monitor says that a migration is under way, although the kernel saw
 * no sign of one: it began before the tracer did, or this QEMU migrates in an unknown way. */
static int begin_told(struct trace *t)
{
	int err = session__begin_told(&t->session, t->speaks->sends(t->monitor));

	t->told = !err && look(t) == WINDOW_OPEN;
	return err;
}

static int arm(struct trace *t)
{
	pid_t pid = t->options->pids[0];
	struct under_way u = {.stream = -1};
	struct emulator_state is;
	int err;

	vmm_process__state(pid, &is);
	u.thread = is.migration_thread;
	err = session__arm(&t->session, pid,
			   is.incoming ? AWAITS_STREAM | AWAITS_THREAD : AWAITS_THREAD, &u);
	if (err || look(t) != WINDOW_WAITS || !t->monitor)
		return err;
	return t->speaks->ask(t->monitor) == MONITOR_UNDER_WAY ? begin_told(t) : 0;
}

static int start_targets(struct trace *t)
{
	const struct trace_options *o = t->options;
	int err = o->tracer.windowed ? arm(t)
				     : session__add_targets(&t->session, o->pids, o->nr_pids);

	if (!err && !o->tracer.windowed)
		err = session__open(&t->session, REASON_ATTACH);
	if (err == -ESRCH)
		return fail(STATUS_FAULT, "a target is gone before it could be traced");
	if (err)
		return fail(STATUS_FAULT, "cannot trace: %s", strerror(-err));
	return STATUS_OK;
}

/* Asks QEMU for its RAM blocks: memory that was plugged in later is on no command line. QEMU need
 * not answer. */
static void ask_for_blocks(struct trace *t)
{
	struct ram_told *told;
	size_t n;

	if (!t->monitor || !t->session.nr_targets)
		return;
	t->speaks->ask_blocks(t->monitor, &told, &n);
	session__tell_blocks(&t->session, 0, told, n);
}

static void say_tracing(const struct trace *t)
{
	const struct record_target *first = &t->session.targets[0].described;

	if (t->options->screen.quiet)
		return;
	fprintf(stderr, "tracing pid %u (%s)", first->pid, first->comm ? first->comm : "?");
	if (t->session.nr_targets > 1)
		fprintf(stderr, " and %zu more", t->session.nr_targets - 1);
	fprintf(stderr, ", %s mode, stacks %s\n", mode__name(tracer__mode(t->tracer)),
		stack__name(t->session.stack));
	if (t->monitor)
		fprintf(stderr, "%s\n", t->speaks->begins_as(t->monitor));
}

/* Follows the migration by the monitor. The kernel sees when the window opens and closes, and the
 * monitor names the phases meanwhile. If the monitor says something that the kernel did not see,
 * the window opens because of that. Returns the reason to close the window or to stop waiting, if
 * there is one. */
static enum window_reason follow_monitor(struct trace *t)
{
	enum monitor_says says;

	if (t->migrating && !t->told) {
		t->speaks->hear(t->monitor);
		return REASON_UNKNOWN;
	}
	says = t->speaks->ask(t->monitor);
	if (!t->migrating && look(t) != WINDOW_WAITS) /* the kernel has seen it meanwhile */
		return t->over ? REASON_MIGRATION_END : REASON_UNKNOWN;
	if (says == MONITOR_GONE)
		return REASON_MONITOR_GONE;
	if (says == MONITOR_ENDED) {
		t->unseen = !t->migrating;
		return REASON_MIGRATION_END;
	}
	/* A destination says so before it has read anything, and the kernel will see that: believe
	 * the monitor only the second time. */
	if (says == MONITOR_UNDER_WAY && !t->migrating && t->asked_under_way++)
		begin_told(t);
	return REASON_UNKNOWN;
}

static void print_line(struct trace *t)
{
	struct record *r = NULL;

	if (session__tick(&t->session, &r))
		return;
	output_text__live(t->last, r, t->options->output ? stdout : stderr,
			  &(struct text_options){.color = screen__has_color(&t->options->screen)});
	record__free(t->last);
	t->last = r;
}

/* True if other threads live on although the first thread has ended. A thread that was killed by
 * SIGKILL but is not exiting yet cannot be told from one that lives on, except by waiting a moment:
 * otherwise the program would be held up. */
static bool others_stay(pid_t pid)
{
	for (int i = 0; i < 20; i++) {
		if (!proc__others_live(pid))
			return false;
		usleep(1000);
	}
	return true;
}

/* Handles what happened to the command. Returns the reason to close the window, if there is one. */
static enum window_reason on_child(struct trace *t)
{
	struct target *target = &t->session.targets[0];

	for (;;) {
		switch (launch__poll(t->child, &t->child_status)) {
		case LAUNCH_NOTHING:
			return REASON_UNKNOWN;
		case LAUNCH_EXEC:
			session__describe(&t->session, 0);
			session__read_changed_mappings(&t->session);
			launch__continue(t->child);
			break;
		case LAUNCH_MAPPED:
			session__read_changed_mappings(&t->session);
			launch__continue(t->child);
			break;
		case LAUNCH_EXITING:
			/* If other threads go on, the figures at the end of the process are not
			 * known yet. */
			target->at_exit_known = !others_stay(t->child) &&
						!proc__figures(t->child, &target->at_exit);
			if (target->at_exit_known)
				session__look_at_exit(&t->session, 0);
			resolver__remember(t->session.resolver, t->child);
			launch__continue(t->child);
			break;
		case LAUNCH_GONE:
			t->child = 0;
			return REASON_COMMAND_END;
		}
	}
}

static bool all_gone(struct session *s)
{
	for (size_t i = 0; i < s->nr_targets; i++)
		if (!target__is_gone(&s->targets[i]))
			return false;
	return true;
}

/* Handles signals. Returns the reason to close the window, if there is one. */
static enum window_reason on_signal(struct trace *t)
{
	struct signalfd_siginfo info;

	while (read(t->signal_fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM)
			return info.ssi_signo == SIGINT ? REASON_INTERRUPT : REASON_TERMINATE;
	return t->child ? on_child(t) : REASON_UNKNOWN;
}

static enum window_reason on_time(struct trace *t, uint64_t now)
{
	const struct trace_options *o = t->options;
	enum window_reason reason = REASON_UNKNOWN;

	if (t->monitor && (t->told || now >= t->next_tick_ms))
		reason = follow_monitor(t);
	if (reason)
		return reason;
	if (o->duration > 0 && now - t->start_ms >= (uint64_t)(o->duration * 1000))
		return REASON_DURATION;
	if (o->interval > 0 && now >= t->next_line_ms) {
		t->next_line_ms = now + (uint64_t)(o->interval * 1000);
		print_line(t);
	}
	if (now >= t->next_tick_ms) {
		t->next_tick_ms = now + TICK_MS;
		if (t->migrating || !t->options->tracer.windowed)
			session__tick(&t->session, NULL);
	}
	return REASON_UNKNOWN;
}

/* Waits until something is there, or there is something to do. */
static void await(struct trace *t, struct loop *l)
{
	const struct trace_options *o = t->options;

	loop__begin(l);
	loop__await(l, t->signal_fd);
	loop__await(l, tracer__changes_fd(t->tracer));
	loop__await(l, tracer__window_fd(t->tracer));
	for (size_t i = 0; i < t->session.nr_targets; i++)
		if (!t->session.targets[i].gone)
			loop__await(l, t->session.targets[i].pidfd);
	loop__await_time(l, t->next_tick_ms);
	if (t->told)
		loop__await_time(l, clock__ms() + QMP_POLL_MS);
	if (o->interval > 0)
		loop__await_time(l, t->next_line_ms);
	if (o->duration > 0)
		loop__await_time(l, t->start_ms + (uint64_t)(o->duration * 1000));
	loop__wait(l);
}

static enum window_reason run(struct trace *t)
{
	enum window_reason reason = REASON_UNKNOWN;
	struct session *s = &t->session;
	struct loop l = {0};

	t->start_ms = clock__ms();
	t->next_tick_ms = t->start_ms + TICK_MS;
	t->next_line_ms = t->start_ms + (uint64_t)(t->options->interval * 1000);
	while (!reason) {
		await(t, &l);
		if (loop__is_ready(&l, tracer__changes_fd(t->tracer)))
			session__read_changed_mappings(&t->session);
		if (loop__is_ready(&l, tracer__window_fd(t->tracer)))
			tracer__window_events(t->tracer, on_window, t);
		reason = t->over ? REASON_MIGRATION_END : on_signal(t);
		if (!reason && !t->options->command && all_gone(s))
			reason = REASON_TARGET_END;
		if (!reason)
			reason = on_time(t, clock__ms());
	}
	loop__free(&l);
	return reason;
}

int trace__write_record(const struct trace_options *o, const struct record *r,
			struct trace_outputs *out)
{
	struct text_options text = {.color = screen__has_color(&o->screen) && !o->output};

	if (o->save) {
		int status = output__finish(&out->saved, o->save,
					    output_json__write(r, out->saved.f));

		if (status)
			return status;
	}
	return output__finish(&out->shown, o->output,
			      output_format__write(o->format, r, out->shown.f, &text));
}

/* True if SIGINT or SIGTERM came. */
static bool is_asked_again(struct trace *t)
{
	struct signalfd_siginfo info;
	bool asked = false;

	while (read(t->signal_fd, &info, sizeof(info)) == sizeof(info))
		asked = asked || info.ssi_signo != SIGCHLD;
	return asked;
}

/* Ends the command when the window is closed: with SIGTERM, followed by SIGCONT because a stopped
 * process takes SIGTERM only when it continues; and with SIGKILL if the command ignores SIGTERM and
 * we are asked to end once more. */
static void end_command(struct trace *t)
{
	struct loop l = {0};

	if (!t->child)
		return;
	launch__continue(t->child);
	kill(t->child, SIGTERM);
	kill(t->child, SIGCONT);
	for (;;) {
		switch (launch__poll(t->child, &t->child_status)) {
		case LAUNCH_NOTHING:
			loop__begin(&l);
			loop__await(&l, t->signal_fd);
			loop__wait(&l);
			if (is_asked_again(t))
				kill(t->child, SIGKILL);
			break;
		case LAUNCH_EXEC:
		case LAUNCH_MAPPED:
		case LAUNCH_EXITING:
			launch__continue(t->child);
			break;
		case LAUNCH_GONE:
			t->child = 0;
			loop__free(&l);
			return;
		}
	}
}

const int trace__signals[] = {SIGINT, SIGTERM, SIGCHLD, 0};

/* Closes the window and makes the record. Returns -ENODATA if the window never opened. */
static int close_window(struct trace *t, enum window_reason reason, struct record **out)
{
	bool ended = reason == REASON_MIGRATION_END;
	int err = 0;

	/* The last event of the window may have come together with the target's end. */
	tracer__window_events(t->tracer, on_window, t);
	if (!t->migrating)
		return -ENODATA;
	if (!t->over)
		err = session__end(&t->session, t->told && ended ? SIGNAL_TOLD : SIGNAL_NONE);
	if (!err && t->monitor) {
		t->session.told_outcome = t->speaks->last_words(t->monitor, t->over);
		ask_for_blocks(t);
	}
	if (!err)
		err = session__over(&t->session, out);
	if (!err && t->monitor)
		t->speaks->put(t->monitor, *out);
	return err;
}

static int fail_unseen(const struct trace *t, enum window_reason reason)
{
	const char *error = "",
		   *status = t->monitor ? t->speaks->last_status(t->monitor, &error) : "";

	if (t->unseen && !strcmp(status, "failed"))
		return fail(STATUS_FAULT, "the migration failed before anything was sent: %s",
			    *error ? error : "QEMU does not say why");
	if (t->unseen)
		return fail(STATUS_FAULT,
			    "QEMU says that a migration has %s, which left no sign of its begin, "
			    "as savevm: -p without --qmp traces what happens until Ctrl-C",
			    status);
	return fail(STATUS_FAULT, "no migration was seen until the %s",
		    window_reason__text(reason));
}

static int trace_window(struct trace *t, struct trace_outputs *out)
{
	struct record *r = NULL;
	enum window_reason reason;
	int err, status;

	status = t->options->command ? start_child(t) : start_targets(t);
	if (status)
		return status;
	ask_for_blocks(t);
	say_tracing(t);
	reason = run(t);
	err = t->options->tracer.windowed ? close_window(t, reason, &r)
					  : session__close(&t->session, reason, NULL, &r);
	if (err == -ENODATA)
		return fail_unseen(t, reason);
	status = err ? fail(STATUS_FAULT, "cannot make the record: %s", strerror(-err))
		     : trace__write_record(t->options, r, out);
	record__free(r);
	return status;
}

/* Returns words for an error of opening a monitor. */
static const char *monitor_error(int err)
{
	switch (err) {
	case -EPROTO:
		return "what answers there speaks no QMP (a human monitor, a serial port?)";
	case -ETIMEDOUT:
		return "nothing answers there as a monitor does";
	case -ENOTSUP:
		return "migpop does not speak to monitors of that VMM";
	default:
		return strerror(-err);
	}
}

/* Opens the monitor. The process at its other end becomes the target, or must be the target if one
 * was given. */
static int open_monitor(struct trace *t, struct trace_options *o)
{
	pid_t pid = o->nr_pids ? o->pids[0] : 0;
	int err;

	t->speaks = vmm__or_first(pid ? program__of(pid).vmm : NULL)->monitor;
	err = t->speaks ? t->speaks->open(&t->monitor, o->qmp_path) : -ENOTSUP;

	if (err == -EBUSY)
		return fail(STATUS_USAGE,
			    "another client holds the monitor at %s (libvirt holds its own): use "
			    "--phase auto, which asks none, or give QEMU a second one (-qmp)",
			    o->qmp_path);
	if (err)
		return fail(STATUS_USAGE, "cannot talk to QEMU at %s: %s", o->qmp_path,
			    monitor_error(err));
	pid = t->speaks->emulator(t->monitor);
	if (!o->nr_pids && !pid)
		return fail(STATUS_USAGE, "%s does not say whose monitor it is: give -p PID",
			    o->qmp_path);
	if (!o->nr_pids) {
		o->pids[o->nr_pids++] = pid;
		o->tracer.tgids = o->pids;
		o->tracer.nr_tgids = o->nr_pids;
	} else if (pid && o->pids[0] != pid) {
		return fail(STATUS_USAGE, "%s is the monitor of pid %d, which is not traced",
			    o->qmp_path, (int)pid);
	}
	return STATUS_OK;
}

static void close_monitor(struct trace *t)
{
	if (t->monitor)
		t->speaks->close(t->monitor);
}

static int trace_targets(struct trace_options *o, const struct rules *rules,
			 struct trace_outputs *out)
{
	struct trace t = {.options = o, .signal_fd = -1};
	char why[512];
	int status, err;

	t.signal_fd = open_signals(trace__signals);
	status = o->qmp_path ? open_monitor(&t, o) : STATUS_OK;
	if (status) {
		close_monitor(&t);
		return status;
	}
	err = tracer__open(&t.tracer, &o->tracer, why, sizeof(why));
	if (err) {
		close_monitor(&t);
		return fail_tracer(err, why);
	}
	err = session__init(&t.session, t.tracer, o->tracer.stack, &o->names);
	t.session.rules = rules;
	if (t.monitor)
		t.speaks->tell_phases(t.monitor, &t.session.phases);
	status = err ? fail(STATUS_FAULT, "%s", strerror(-err)) : trace_window(&t, out);
	end_command(&t);
	record__free(t.last);
	session__free(&t.session);
	tracer__close(t.tracer);
	close_monitor(&t);
	close(t.signal_fd);
	return status;
}

int cmd_trace(int argc, char **argv)
{
	static struct trace_options o; /* static, because it has room for many targets */
	struct rules *rules = NULL;
	struct trace_outputs out = {0};
	int status = trace_options__parse(&o, argc, argv);

	if (status)
		return status;
	status = check_surroundings();
	if (status)
		return status;
	if (o.names.debuginfod && debug_finder__why_no_debuginfod())
		return fail(STATUS_MACHINE, "--debuginfod: %s", debug_finder__why_no_debuginfod());
	tracer__set_verbose(o.screen.verbose);
	status = rules_files__open(&o.rules_files, &rules);
	if (!status)
		status = output__open(&out.shown, o.output, o.format);
	if (!status && o.save)
		status = output__open(&out.saved, o.save, NULL);
	if (!status)
		status = o.incoming ? trace_incoming(&o, rules, &out)
				    : trace_targets(&o, rules, &out);
	output_file__abort(&out.saved);
	output_file__abort(&out.shown);
	rules__free(rules);
	return status;
}
