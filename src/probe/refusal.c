// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Turns the surroundings of a process into sentences: who refuses what, and what helps.
 * docs/refused.md lists all sentences, and a test compares.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "probe/privilege.h"
#include "probe/surroundings.h"

bool surroundings__need(enum filtered_call call)
{
	return call == CALL_BPF || call == CALL_PIDFD_OPEN;
}

static void add_calls(const struct surroundings *s, bool all, char *out, size_t size)
{
	size_t used = 0;

	*out = '\0';
	for (int c = 0; c < NR_FILTERED_CALLS && used < size; c++)
		if (s->filter[c] && (all || surroundings__need((enum filtered_call)c)))
			used += (size_t)snprintf(out + used, size - used, "%s%s() (%s)",
						 used ? ", " : "",
						 seccomp__call_name((enum filtered_call)c),
						 seccomp__answer_name(s->filter[c]));
}

void surroundings__filtered(const struct surroundings *s, char *out, size_t size)
{
	add_calls(s, true, out, size);
}

static bool lacks_bpf(const struct surroundings *s)
{
	return strstr(s->missing, "CAP_BPF") || strstr(s->missing, "CAP_PERFMON");
}

/* True if bpf() was refused and nothing else explains why. */
static bool is_unexplained(const struct surroundings *s)
{
	return s->trial == TRIAL_REFUSED &&
	       (s->error == EPERM || s->error == EACCES || s->error == ENOSYS) &&
	       !s->filter[CALL_BPF] && !s->own_user_namespace && !lacks_bpf(s);
}

bool surroundings__load_nothing(const struct surroundings *s)
{
	return s->trial != TRIAL_LOADS || s->btf;
}

static bool refuse_proc(const struct surroundings *s, char *why, size_t size)
{
	if (s->has_proc)
		return false;
	snprintf(
		why, size,
		"/proc is not mounted here, or not that of this PID name space: mount -t proc proc "
		"/proc");
	return true;
}

static bool refuse_user_namespace(const struct surroundings *s, char *why, size_t size)
{
	if (!s->own_user_namespace || s->trial == TRIAL_LOADS)
		return false;
	snprintf(
		why, size,
		"in a user name space of its own, in which the kernel lets not even root load BPF "
		"programs: tracing needs that of the host (docker run --userns=host, sudo podman)");
	return true;
}

static bool refuse_pid_namespace(const struct surroundings *s, char *why, size_t size)
{
	if (!s->own_pid_namespace)
		return false;
	snprintf(why, size,
		 "in a PID name space of its own: tracing needs that of the host (docker run "
		 "--pid=host)");
	return true;
}

static bool refuse_capabilities(const struct surroundings *s, char *why, size_t size)
{
	if (!*s->missing || s->own_user_namespace)
		return false;
	if (s->bounded)
		snprintf(why, size,
			 "missing %s: whatever started this process, a container or a unit, keeps "
			 "such capabilities from it (docker run --cap-add, "
			 "CapabilityBoundingSet=); tracing needs " PRIVILEGES_NEEDED,
			 s->missing);
	else
		snprintf(why, size, "missing %s: tracing needs root, or " PRIVILEGES_NEEDED,
			 s->missing);
	return true;
}

static bool refuse_filter(const struct surroundings *s, char *why, size_t size)
{
	char calls[128];

	add_calls(s, false, calls, sizeof(calls));
	if (!*calls)
		return false;
	snprintf(why, size,
		 "a seccomp filter refuses %s: the profile of the container or unit has to let it "
		 "through (docker run --security-opt seccomp=FILE, SystemCallFilter=)",
		 calls);
	return true;
}

static bool refuse_kernel(const struct surroundings *s, char *why, size_t size)
{
	if (!is_unexplained(s))
		return false;
	if (s->error == ENOSYS)
		snprintf(why, size,
			 "this kernel has no bpf(): boot one built with CONFIG_BPF_SYSCALL=y");
	else if (*s->confined)
		snprintf(why, size,
			 "bpf() is refused (%s) though no capability is missing: the profile %s of "
			 "a security module confines this process",
			 strerrorname_np(s->error), s->confined);
	else
		snprintf(why, size, "bpf() is refused (%s) though no capability is missing",
			 strerrorname_np(s->error));
	return true;
}

static bool refuse_lockdown(const struct surroundings *s, char *why, size_t size)
{
	if ((s->trial != TRIAL_BLIND || s->error != EINVAL) &&
	    !(s->lockdown && !strcmp(s->lockdown, "confidentiality")))
		return false;
	snprintf(why, size,
		 "the kernel is locked down to confidentiality, and lets no program read its "
		 "memory: boot it with lockdown=integrity, or without");
	return true;
}

static bool refuse_btf(const struct surroundings *s, char *why, size_t size)
{
	if (!s->btf)
		return false;
	if (s->btf == ENOENT && !s->has_sysfs)
		snprintf(
			why, size,
			"sysfs is not mounted at /sys, where the kernel describes its types: mount "
			"-t sysfs sysfs /sys");
	else if (s->btf == ENOENT)
		snprintf(why, size,
			 "this kernel has no BTF, which every mode needs: boot one built with "
			 "CONFIG_DEBUG_INFO_BTF=y");
	else
		snprintf(why, size, "/sys/kernel/btf/vmlinux cannot be read: %s", strerror(s->btf));
	return true;
}

bool surroundings__refuse(const struct surroundings *s, unsigned int n, char *why, size_t size)
{
	static bool (*const causes[])(const struct surroundings *, char *, size_t) = {
		refuse_proc,   refuse_user_namespace, refuse_pid_namespace, refuse_capabilities,
		refuse_filter, refuse_kernel,         refuse_lockdown,      refuse_btf,
	};

	for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++)
		if (causes[i](s, why, size) && !n--)
			return true;
	return false;
}
