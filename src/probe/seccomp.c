// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds out which system calls a seccomp filter refuses. It makes each call with arguments that the
 * kernel refuses with an errno of its own before it checks privileges, so the errno tells who
 * answered. A child makes the calls, because a filter may kill the caller, as filters of systemd
 * units do unless SystemCallErrorNumber= is set.
 */
#include "probe/seccomp.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static long ask_bpf(void)
{
	union bpf_attr *nowhere = NULL;

	return syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, nowhere, sizeof(nowhere->info));
}

static long ask_pidfd_open(void)
{
	return syscall(SYS_pidfd_open, -1, 0);
}

static long ask_perf_event_open(void)
{
	return syscall(SYS_perf_event_open, NULL, 0, -1, -1, ~0UL);
}

static long ask_ptrace(void)
{
	return syscall(SYS_ptrace, PTRACE_SEIZE, 0, 0, 0);
}

static const struct {
	const char *name;
	long (*ask)(void);
	int of_kernel; /* the errno that the kernel itself returns */
} calls[NR_FILTERED_CALLS] = {
	[CALL_BPF] = {"bpf", ask_bpf, EFAULT},
	[CALL_PIDFD_OPEN] = {"pidfd_open", ask_pidfd_open, EINVAL},
	[CALL_PERF_EVENT_OPEN] = {"perf_event_open", ask_perf_event_open, EINVAL},
	[CALL_PTRACE] = {"ptrace", ask_ptrace, ESRCH},
};

const char *seccomp__call_name(enum filtered_call call)
{
	return calls[call].name;
}

/* True if the "Seccomp:" of proc(5) says SECCOMP_MODE_FILTER. */
static bool has_filter(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	bool has = false;

	while (f && !has && fgets(line, sizeof(line), f))
		has = !strcmp(line, "Seccomp:\t2\n");
	if (f)
		fclose(f);
	return has;
}

static int ask(enum filtered_call call)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		errno = 0;
		calls[call].ask();
		_exit(errno == calls[call].of_kernel ? 0 : errno);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0 || WIFEXITED(status))
		return pid < 0 ? 0 : WEXITSTATUS(status);
	return SECCOMP_KILLS;
}

int seccomp__answer(enum filtered_call call)
{
	static int answers[NR_FILTERED_CALLS];
	static bool asked[NR_FILTERED_CALLS];

	if (!asked[call] && has_filter())
		answers[call] = ask(call);
	asked[call] = true;
	return answers[call];
}

const char *seccomp__answer_name(int answer)
{
	const char *name = answer == SECCOMP_KILLS ? "it kills the caller"
						   : strerrorname_np(answer);

	return name ? name : "?";
}
