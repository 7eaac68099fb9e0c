// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The process is ended by SIGKILL, or by the end of the tracer: there is nothing that it has to do
 * before.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "clock.h"
#include "serve/web.h"
#include "serve/web_process.h"

/* Returns a copy of a descriptor that is in the place of none of those that the process is started
 * with, or -1 with errno. */
static int copy(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, WEB_FDS_END);
}

int web_process__open(struct web_process *w, int listen_fd, int publication_fd)
{
	*w = (struct web_process){.listen_fd = copy(listen_fd), .life_fd = -1, .pidfd = -1};
	w->publication_fd = w->listen_fd < 0 ? -1 : copy(publication_fd);
	return w->publication_fd < 0 ? -errno : 0;
}

/* Ends the process at once: nothing is lost with it but what its clients wait for. */
static void end(struct web_process *w)
{
	siginfo_t how;

	if (w->pidfd < 0)
		return;
	syscall(SYS_pidfd_send_signal, w->pidfd, SIGKILL, NULL, 0);
	waitid(P_PIDFD, (id_t)w->pidfd, &how, WEXITED);
	close(w->pidfd);
	w->pidfd = -1;
}

/* Fills in the descriptors that are for this process only. Returns 0 or a negative errno; the
 * caller closes both in either case. */
static int open_own(struct web_process *w, int records, int *records_copy, int *life_copy)
{
	int ends[2], err = 0;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	w->life_fd = ends[1];
	*life_copy = copy(ends[0]);
	*records_copy = *life_copy < 0 ? -1 : copy(records);
	if (*records_copy < 0)
		err = -errno;
	close(ends[0]);
	return err;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int web_process__start(struct web_process *w, int records)
{
	int records_copy = -1, life_copy = -1, err;
	pid_t pid;

	end(w);
	close_fd(&w->life_fd);
	w->started_ms = clock__ms();
	err = open_own(w, records, &records_copy, &life_copy);
	if (!err) {
		const int fds[] = {w->listen_fd, w->publication_fd, records_copy, life_copy};

		static_assert(sizeof(fds) / sizeof(*fds) == WEB_FDS_END - CHILD_FD, "all of them");
		err = child__start(&pid, WEB_MODE, fds, WEB_FDS_END - CHILD_FD, true);
	}
	close_fd(&records_copy);
	close_fd(&life_copy);
	if (err)
		return err;
	w->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	return w->pidfd < 0 ? -errno : 0;
}

int web_process__fd(const struct web_process *w)
{
	return w->pidfd;
}

bool web_process__has_ended(struct web_process *w, char *how, size_t size)
{
	siginfo_t info = {0};

	if (w->pidfd < 0 || waitid(P_PIDFD, (id_t)w->pidfd, &info, WEXITED | WNOHANG) ||
	    !info.si_pid)
		return false;
	if (info.si_code == CLD_EXITED)
		snprintf(how, size, "ended with status %d", info.si_status);
	else
		snprintf(how, size, "was killed by signal %d", info.si_status);
	close(w->pidfd);
	w->pidfd = -1;
	return true;
}

void web_process__close(struct web_process *w)
{
	end(w);
	close_fd(&w->life_fd);
	close_fd(&w->listen_fd);
	close_fd(&w->publication_fd);
}
