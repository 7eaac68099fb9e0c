// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows which capabilities tracing needs, and which of them this process lacks. The user id says
 * nothing: root in a container may lack them, and a service with a user of its own may have them.
 */
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe/privilege.h"
#include "probe/seccomp.h"

static const struct {
	unsigned int number;
	const char *name;
	bool admin; /* CAP_SYS_ADMIN is enough, too */
} needed[] = {
	{CAP_BPF, "CAP_BPF", true},         /* for maps, and to load programs at all */
	{CAP_PERFMON, "CAP_PERFMON", true}, /* for programs that read kernel memory */
	/* for /proc/PID/exe, maps, mem and smaps of processes of other users */
	{CAP_SYS_PTRACE, "CAP_SYS_PTRACE", false},
};

/* The highest value that the kernel itself knows. With a higher one the kernels of Debian and
 * Ubuntu refuse all perf events without CAP_SYS_ADMIN, even to a process with CAP_PERFMON. */
enum { PERF_EVENT_PARANOID_MAX = 2 };

static uint64_t effective(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (syscall(SYS_capget, &header, data))
		return 0;
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

static bool has(uint64_t caps, unsigned int number)
{
	return caps >> number & 1;
}

static bool is_missing(uint64_t caps, size_t i)
{
	return !has(caps, needed[i].number) && !(needed[i].admin && has(caps, CAP_SYS_ADMIN));
}

const char *privilege__missing(void)
{
	static char names[64];
	uint64_t caps = effective();
	size_t used = 0;

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (is_missing(caps, i))
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
						 used ? ", " : "", needed[i].name);
	return used ? names : NULL;
}

bool privilege__missing_is_bounded(void)
{
	uint64_t caps = effective();

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (is_missing(caps, i) && !prctl(PR_CAPBSET_READ, needed[i].number, 0, 0, 0))
			return true;
	return false;
}

/* The number in a file of /proc/sys; 0 if the kernel has no such file. */
static int read_level(const char *path)
{
	FILE *f = fopen(path, "re");
	int level = 0;

	if (f && fscanf(f, "%d", &level) != 1)
		level = 0;
	if (f)
		fclose(f);
	return level;
}

const char *privilege__why_no_perf_events(void)
{
	static char why[160];
	int answer = seccomp__answer(CALL_PERF_EVENT_OPEN);
	int level;

	if (answer) {
		snprintf(why, sizeof(why), "a seccomp filter refuses perf_event_open() (%s)",
			 seccomp__answer_name(answer));
		return why;
	}
	level = read_level("/proc/sys/kernel/perf_event_paranoid");
	if (level <= PERF_EVENT_PARANOID_MAX || has(effective(), CAP_SYS_ADMIN))
		return NULL;
	snprintf(why, sizeof(why),
		 "kernel.perf_event_paranoid is %d, with which kprobes take CAP_SYS_ADMIN; with %d "
		 "they do not",
		 level, PERF_EVENT_PARANOID_MAX);
	return why;
}

/* YAMA_SCOPE_NO_ATTACH of security/yama/yama_lsm.c */
enum { SCOPE_NO_ATTACH = 3 };

const char *privilege__why_no_ptrace(void)
{
	static char why[96];
	int answer = seccomp__answer(CALL_PTRACE);

	if (answer) {
		snprintf(why, sizeof(why), "a seccomp filter refuses ptrace() (%s)",
			 seccomp__answer_name(answer));
		return why;
	}
	return read_level("/proc/sys/kernel/yama/ptrace_scope") < SCOPE_NO_ATTACH
		       ? NULL
		       : "kernel.yama.ptrace_scope is 3, with which nobody uses "
			 "ptrace() until the next boot";
}
