// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which capabilities tracing needs, and which of them this process has not. Root in a container may
 * lack them, and a service of its own user may have them: the user id says nothing.
 */
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe/privilege.h"

static const struct {
	unsigned int number;
	const char *name;
	bool admin; /* CAP_SYS_ADMIN will do, too */
} needed[] = {
	{CAP_BPF, "CAP_BPF", true},         /* maps, and programs at all */
	{CAP_PERFMON, "CAP_PERFMON", true}, /* programs that read the kernel's memory */
	/* What a process of another user executes: /proc/PID/exe, maps, mem, smaps */
	{CAP_SYS_PTRACE, "CAP_SYS_PTRACE", false},
};

/* PROC_PID_INIT_INO of include/linux/proc_ns.h. */
static const ino_t initial_pid_namespace = 0xEFFFFFFC;

/* The highest that the kernel itself knows. Above it Debian's and Ubuntu's refuse all perf events
 * to who has not CAP_SYS_ADMIN, be it CAP_PERFMON that is asked for. */
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

const char *privilege__missing(void)
{
	static char names[64];
	uint64_t caps = effective();
	size_t used = 0;

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (!has(caps, needed[i].number) && !(needed[i].admin && has(caps, CAP_SYS_ADMIN)))
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
						 used ? ", " : "", needed[i].name);
	return used ? names : NULL;
}

const char *privilege__why_no_perf_events(void)
{
	static char why[128];
	FILE *f = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
	int level = 0;

	if (f && fscanf(f, "%d", &level) != 1)
		level = 0;
	if (f)
		fclose(f);
	if (level <= PERF_EVENT_PARANOID_MAX || has(effective(), CAP_SYS_ADMIN))
		return NULL;
	snprintf(why, sizeof(why),
		 "kernel.perf_event_paranoid is %d, with which kprobes take CAP_SYS_ADMIN; with %d "
		 "they do not",
		 level, PERF_EVENT_PARANOID_MAX);
	return why;
}

bool privilege__sees_all_processes(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) || st.st_ino == initial_pid_namespace;
}
