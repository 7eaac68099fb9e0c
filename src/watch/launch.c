// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Starts a command under ptrace, for its first and its last instant only (man 2 ptrace, SEIZE).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "watch/launch.h"

/* The child's side: waits to be seized, then becomes the command. */
static _Noreturn void become(char *const argv[], int go, int report)
{
	char byte;
	int err;

	if (read(go, &byte, 1) != 1)
		_exit(127);
	execvp(argv[0], argv);
	err = errno;
	if (write(report, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(127);
}

static int wait_for_exec(pid_t pid)
{
	int status;

	for (;;) {
		pid_t got = waitpid(pid, &status, __WALL);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || WIFEXITED(status) || WIFSIGNALED(status))
			return -ECHILD;
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8))
			return 0;
		/* PTRACE_EVENT_EXIT of a failed execve: its errno is on the way. */
		ptrace(PTRACE_CONT, pid, 0, WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status));
	}
}

pid_t launch__start(char *const argv[])
{
	int go[2] = {-1, -1}, report[2] = {-1, -1}, err = 0;
	sigset_t none;
	pid_t pid = -1;

	if (pipe2(go, O_CLOEXEC) || pipe2(report, O_CLOEXEC)) {
		err = -errno;
		goto out;
	}
	pid = fork();
	if (pid < 0) {
		err = -errno;
		goto out;
	}
	if (!pid) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGPIPE, SIG_DFL);
		close(go[1]);
		become(argv, go[0], report[1]);
	}
	close(report[1]);
	report[1] = -1;
	if (ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT)) {
		err = -errno;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, __WALL);
		goto out;
	}
	if (write(go[1], "g", 1) != 1 || wait_for_exec(pid)) {
		if (read(report[0], &err, sizeof(err)) == sizeof(err))
			err = -err;
		else
			err = -ECHILD;
	}
out:
	for (int i = 0; i < 2; i++) {
		if (go[i] >= 0)
			close(go[i]);
		if (report[i] >= 0)
			close(report[i]);
	}
	return err ? err : pid;
}

void launch__continue(pid_t pid)
{
	ptrace(PTRACE_CONT, pid, 0, 0);
}

/* A BPF program sends it. So does a socket with urgent data, to those who ask for it. */
static bool is_from_kernel(pid_t pid)
{
	siginfo_t info;

	return !ptrace(PTRACE_GETSIGINFO, pid, 0, &info) && info.si_code == SI_KERNEL;
}

enum launch_event launch__poll(pid_t pid, int *status)
{
	for (;;) {
		pid_t got = waitpid(pid, status, __WALL | WNOHANG);
		int event;

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return LAUNCH_NOTHING;
		if (WIFEXITED(*status) || WIFSIGNALED(*status))
			return LAUNCH_GONE;
		event = *status >> 16;
		switch (event) {
		case PTRACE_EVENT_EXEC:
			return LAUNCH_EXEC;
		case PTRACE_EVENT_EXIT:
			return LAUNCH_EXITING;
		case PTRACE_EVENT_STOP:
			/* A group stop lasts until SIGCONT; any other stop of a seized task ends.
			 */
			if (WSTOPSIG(*status) == SIGTRAP)
				ptrace(PTRACE_CONT, pid, 0, 0);
			else
				ptrace(PTRACE_LISTEN, pid, 0, 0);
			break;
		default:
			if (WSTOPSIG(*status) == SIGURG && is_from_kernel(pid))
				return LAUNCH_MAPPED;
			ptrace(PTRACE_CONT, pid, 0, WSTOPSIG(*status));
		}
	}
}
