// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A helper is waited for as long as it works. Signals that end the tracer do not end it: the tracer
 * needs it for the record that it makes at its end.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "clock.h"
#include "reader/helper.h"
#include "reader/message.h"

/* Helpers that were killed but are not gone: one that waits for a file of the kernel's own may take
 * long. They are waited for when the next one ends. */
enum { DYING_MAX = 64, GONE_WITHIN_MS = 20 };
static pid_t dying[DYING_MAX];
static pthread_mutex_t dying_lock = PTHREAD_MUTEX_INITIALIZER;

/* Waits for a process that was killed, which is gone in no time as a rule. */
static bool is_gone(pid_t pid)
{
	struct pollfd gone = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};

	if (gone.fd >= 0) {
		poll(&gone, 1, GONE_WITHIN_MS);
		close(gone.fd);
	}
	return waitpid(pid, NULL, WNOHANG);
}

/* "pid": another one that was killed, or 0. */
static void reap(pid_t pid)
{
	pthread_mutex_lock(&dying_lock);
	for (size_t i = 0; i < DYING_MAX; i++) {
		if (!dying[i] && pid) {
			dying[i] = pid;
			pid = 0;
		}
		if (dying[i] && waitpid(dying[i], NULL, WNOHANG))
			dying[i] = 0;
	}
	pthread_mutex_unlock(&dying_lock);
}

int helper__start(struct helper *h)
{
	int sockets[2], err;

	if (h->pid)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	err = child__start(&h->pid, h->mode, &sockets[1], 1, false);
	close(sockets[1]);
	if (err) {
		close(sockets[0]);
		h->pid = 0;
		return err;
	}
	h->socket = sockets[0];
	return 0;
}

void helper__end(struct helper *h)
{
	if (!h->pid)
		return;
	close(h->socket);
	h->socket = -1;
	kill(h->pid, SIGKILL);
	reap(is_gone(h->pid) ? 0 : h->pid);
	h->pid = 0;
}

/* The CPU time of a process in nanoseconds. */
static int64_t cpu_time(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
		return -1;
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

struct patience {
	const struct helper *helper;
	uint64_t end; /* CLOCK_MONOTONIC, in nanoseconds */
	int64_t cpu;  /* the helper's CPU time when it was last looked at */
	unsigned int silent;
};

/* Waits for the socket for a moment, while the helper works and its time is not up. Moments are
 * counted, so that a helper which was frozen together with the tracer is not blamed. */
static int wait_for(short events, void *data)
{
	struct patience *p = data;
	struct pollfd socket = {.fd = p->helper->socket, .events = events};
	int64_t cpu;
	int n = poll(&socket, 1, HELPER_MOMENT);

	if (clock__ns(CLOCK_MONOTONIC) >= p->end)
		return -ETIME;
	if (n)
		return n < 0 && errno != EINTR ? -errno : 0;
	cpu = cpu_time(p->helper->pid);
	p->silent = cpu == p->cpu ? p->silent + 1 : 0;
	p->cpu = cpu;
	return p->silent < p->helper->silence / HELPER_MOMENT ? 0 : -ETIME;
}

static struct patience patience(const struct helper *h)
{
	return (struct patience){.helper = h,
				 .end = clock__ns(CLOCK_MONOTONIC) + HELPER_TIME_MAX * 1000000ULL,
				 .cpu = cpu_time(h->pid)};
}

int helper__ask(struct helper *h, const struct message *question, struct message *answer,
		size_t max)
{
	int err = helper__start(h);
	struct patience p;

	if (err)
		return err;
	p = patience(h);
	err = message__send(h->socket, question, wait_for, &p);
	if (!err)
		err = message__receive(h->socket, answer, max, wait_for, &p);
	if (!err && answer->header.type != question->header.type)
		err = -EPROTO;
	if (err || answer->header.last)
		helper__end(h);
	return err;
}
