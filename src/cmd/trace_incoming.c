// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * migpop trace --incoming: traces the first migration that any QEMU of this host receives, or the
 * QEMU of one guest.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "cmd/cmd.h"
#include "cmd/inout.h"
#include "cmd/trace.h"
#include "cmd/trace_options.h"
#include "loop.h"
#include "proc/process.h"
#include "vmm/process.h"
#include "watch/watcher.h"

struct incoming {
	const struct trace_options *options;
	struct trace_outputs *out;
	struct watcher *watcher;
	struct loop loop;
	int signal_fd;
	pid_t pid; /* the process that receives the migration; 0: none yet */
	bool over;
	int status; /* exit status of writing its record */
};

/* True if "pid" runs the guest that was asked for. Another guest is reported, because the user may
 * have given a wrong name. */
static bool is_wanted(const struct incoming *in, pid_t pid)
{
	const char *guest = in->options->guest;
	struct record_target t;
	bool wanted;

	if (!guest)
		return true;
	record_target__init(&t);
	vmm_process__describe(pid, &t);
	wanted = (t.guest && !strcmp(t.guest, guest)) || (t.uuid && !strcasecmp(t.uuid, guest));
	if (!wanted && !in->options->screen.quiet)
		fprintf(stderr, "pid %d receives guest %s, which is not asked for\n", (int)pid,
			t.guest ? t.guest : "of no name");
	record_target__clear(&t);
	return wanted;
}

static void on_opened(pid_t pid, void *data)
{
	struct incoming *in = data;
	char *comm;

	if (!is_wanted(in, pid))
		return;
	if (in->pid) {
		if (!in->options->screen.quiet)
			fprintf(stderr,
				"pid %d receives one as well, which is not traced: migpop serve "
				"records every one\n",
				(int)pid);
		return;
	}
	in->pid = pid;
	if (in->options->screen.quiet)
		return;
	comm = proc__comm(pid);
	fprintf(stderr, "tracing pid %d (%s)\n", (int)pid, comm ? comm : "?");
	free(comm);
}

static void on_watched(pid_t pid, void *data)
{
	const struct incoming *in = data;

	if (in->options->screen.verbose)
		fprintf(stderr, "pid %d can receive a migration\n", (int)pid);
}

static void on_record(struct record *r, void *data)
{
	struct incoming *in = data;

	if (in->over || r->target[0].pid != (uint32_t)in->pid)
		return;
	in->over = true;
	in->status = trace__write_record(in->options, r, in->out);
}

static void on_problem(pid_t pid, const char *kind, const char *what, void *data)
{
	struct incoming *in = data;

	if (pid && pid != in->pid)
		return;
	if (!strcmp(kind, "room")) { /* the record tells how many pages are affected */
		fail(STATUS_FAULT, "%s", what);
		return;
	}
	in->status = fail(STATUS_FAULT, "%s", what);
	in->over = in->over || pid;
}

/* Returns the reason to stop waiting, if there is one. */
static enum window_reason why_end(struct incoming *in, uint64_t start_ms)
{
	struct signalfd_siginfo info;

	while (read(in->signal_fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM)
			return info.ssi_signo == SIGINT ? REASON_INTERRUPT : REASON_TERMINATE;
	if (in->options->duration > 0 &&
	    clock__ms() - start_ms >= (uint64_t)(in->options->duration * 1000))
		return REASON_DURATION;
	return in->over ? REASON_MIGRATION_END : REASON_UNKNOWN;
}

static void await(struct incoming *in, uint64_t start_ms)
{
	loop__begin(&in->loop);
	loop__await(&in->loop, in->signal_fd);
	watcher__await(in->watcher, &in->loop);
	if (in->options->duration > 0)
		loop__await_time(&in->loop, start_ms + (uint64_t)(in->options->duration * 1000));
	loop__wait(&in->loop);
}

static int run(struct incoming *in)
{
	uint64_t start_ms = clock__ms();
	enum window_reason reason;

	while (!(reason = why_end(in, start_ms))) {
		await(in, start_ms);
		watcher__run(in->watcher);
	}
	/* A migration that is under way is recorded as far as it has come. */
	watcher__close(in->watcher);
	in->watcher = NULL;
	if (!in->over)
		return fail(STATUS_FAULT, "no migration%s%s was seen until the %s",
			    in->options->guest ? " of guest " : "",
			    in->options->guest ? in->options->guest : "",
			    window_reason__text(reason));
	return in->status;
}

static void say_waiting(const struct incoming *in)
{
	size_t n = watcher__count(in->watcher);

	if (in->options->screen.quiet)
		return;
	fprintf(stderr,
		"waiting for a migration%s%s to come in: %zu QEMU%s can receive one, more when "
		"they are started; %s mode, stacks %s\n",
		in->options->guest ? " of guest " : "",
		in->options->guest ? in->options->guest : "", n, n == 1 ? "" : "s",
		mode__name(watcher__mode(in->watcher)), stack__name(in->options->tracer.stack));
}

int trace_incoming(const struct trace_options *o, const struct rules *rules,
		   struct trace_outputs *out)
{
	struct incoming in = {.options = o, .out = out};
	const struct watcher_calls calls = {.record = on_record,
					    .watched = on_watched,
					    .opened = on_opened,
					    .problem = on_problem,
					    .data = &in};
	char why[512];
	int status, err;

	in.signal_fd = open_signals(trace__signals);
	err = watcher__open(&in.watcher, &o->tracer, &o->names, &calls, why, sizeof(why));
	if (err)
		return fail_tracer(err, why);
	watcher__use_rules(in.watcher, rules);
	say_waiting(&in);
	status = run(&in);
	loop__free(&in.loop);
	close(in.signal_fd);
	return status;
}
