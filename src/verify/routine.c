// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Starts the loader, traces it while it populates, and ends it. The loader waits for a byte, and so
 * does not move, while the window opens and closes.
 */
#include "verify/routine.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "loop.h"
#include "proc/figures.h"
#include "verify/traced.h"

enum { SECTION = 2 << 20, PATIENCE_MS = 120000 };

struct loader {
	pid_t pid; /* 0: not started */
	int fd;    /* the loader's standard input and output */
};

static int start(struct loader *l, const struct routine_options *o)
{
	char how[16], bytes[32], fraction[32];
	char *argv[] = {(char *)o->loader, how, (char *)ram_backing__name(o->backing), bytes,
			fraction,          NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int fds[2], err;

	snprintf(how, sizeof(how), "%s", o->by_routine ? "routine" : "loop");
	snprintf(bytes, sizeof(bytes), "%" PRIu64, o->memory);
	snprintf(fraction, sizeof(fraction), "%u/%u", o->discarded, o->of);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return -errno;
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	/* The loader gets a process group of its own, so that Ctrl-C reaches only us. It ends when
	 * its input ends. */
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	err = posix_spawn(&l->pid, o->loader, &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	l->fd = fds[0];
	if (err)
		l->pid = 0;
	return -err;
}

/* Waits until the loader has written a byte. Returns 0 or a negative errno: -ECHILD if the loader
 * has ended. */
static int await(const struct loader *l, struct traced *traced, const struct routine_options *o)
{
	const uint64_t until_ms = clock__ms() + PATIENCE_MS;
	const int changes = traced ? traced__fd(traced) : -1;
	struct loop loop = {0};
	int err = 1;
	char byte;

	while (err > 0) {
		loop__begin(&loop);
		loop__await(&loop, l->fd);
		loop__await(&loop, o->signal_fd);
		loop__await(&loop, changes);
		loop__await_time(&loop, until_ms);
		loop__wait(&loop);
		if (loop__is_ready(&loop, changes))
			traced__read_mappings(traced);
		if (loop__is_ready(&loop, o->signal_fd))
			err = -EINTR;
		else if (loop__is_ready(&loop, l->fd))
			err = read(l->fd, &byte, 1) == 1 ? 0 : -ECHILD;
		else if (clock__ms() >= until_ms)
			err = -ETIMEDOUT;
	}
	loop__free(&loop);
	return err;
}

static int64_t rss_of(const struct loader *l)
{
	struct proc_figures f;

	return proc__figures_cheap(l->pid, &f) ? RECORD_UNKNOWN : f.rss + f.hugetlb;
}

static int trace_populating(const struct loader *l, struct traced *traced,
			    const struct routine_options *o, struct verify_end *out)
{
	int err;

	out->rss_before = rss_of(l);
	err = traced__open(traced, REASON_BEFORE_POPULATING);
	if (!err && write(l->fd, ".", 1) != 1)
		err = -errno;
	if (!err)
		err = await(l, traced, o);
	out->rss_after = rss_of(l);
	return err ? err : traced__close(traced, REASON_POPULATED, o->rules, &out->record);
}

int routine__run(const struct routine_options *o, struct verify_end *out, struct trial_error *error)
{
	const char *name = o->by_routine ? "routine" : "loop";
	struct loader l = {.fd = -1};
	struct traced traced = {0};
	int err = start(&l, o);

	memset(error, 0, sizeof(*error));
	if (!err)
		err = await(&l, NULL, o);
	if (!err)
		err = traced__attach(&traced, l.pid, o->mode, name, error);
	if (!err)
		err = trace_populating(&l, &traced, o, out);
	if (err && !error->text[0]) {
		error->machine = err == -ENOENT || err == -EACCES;
		snprintf(error->text, sizeof(error->text), "%s: %s: %s", name, o->loader,
			 err == -ECHILD ? "has ended" : strerror(-err));
	}
	traced__free(&traced);
	if (l.fd >= 0)
		close(l.fd);
	if (l.pid) {
		kill(l.pid, SIGKILL);
		waitpid(l.pid, NULL, 0);
	}
	return err;
}

struct routine_expectation routine__expect(const struct routine_options *o)
{
	struct routine_expectation e = {0, 0};
	int64_t kept = 0;

	for (uint64_t i = 0; i < o->memory / SECTION; i++)
		kept += i % o->of >= o->discarded;
	if (o->backing != BACKING_RAM)
		e.pages = kept * (SECTION / sysconf(_SC_PAGESIZE));
	/* A huge page has no page table of the last level. */
	if (o->backing != BACKING_HUGETLB)
		e.tables = kept;
	return e;
}
