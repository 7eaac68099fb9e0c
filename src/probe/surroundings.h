/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is around this process and keeps it from tracing, be it in the way of BPF or of /proc: name
 * spaces, capabilities, seccomp filters, security modules, lockdown, file systems that are not
 * mounted. Knows neither the tracer's programs nor the modes.
 */
#ifndef MIGPOP_PROBE_SURROUNDINGS_H
#define MIGPOP_PROBE_SURROUNDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "probe/seccomp.h"

/* How far an empty program of our own came. */
enum trial {
	TRIAL_LOADS,   /* programs are loaded, those that read the kernel's memory too */
	TRIAL_REFUSED, /* none is */
	TRIAL_BLIND,   /* those that read the kernel's memory are not */
};

struct surroundings {
	bool has_proc;           /* /proc is there, and of this process's own PID name space */
	bool own_user_namespace; /* not the host's */
	bool own_pid_namespace;
	bool has_sysfs;   /* what is mounted at /sys is sysfs */
	int btf;          /* errno of opening the kernel's types; 0: they can be read */
	char missing[64]; /* capabilities that are not in effect: "CAP_BPF, CAP_PERFMON"; or empty
			   */
	bool bounded;     /* one of these is not in the bounding set either */
	int filter[NR_FILTERED_CALLS]; /* seccomp__answer() */
	enum trial trial;
	int error;            /* errno of the trial */
	char confined[128];   /* by which profile or context of a security module; or empty */
	const char *lockdown; /* level; NULL: it cannot be seen */
};

/* Looks at this process. It loads an empty program and throws it away. */
void surroundings__look(struct surroundings *s);

/* The causes why there can be no tracing, the n-th from 0 on, as one sentence each that says who
 * refuses what and what helps. False: there are no more. Pure. */
bool surroundings__refuse(const struct surroundings *s, unsigned int n, char *why, size_t size);

/* Do they keep every program out? Pure. */
bool surroundings__load_nothing(const struct surroundings *s);

/* "bpf() (EPERM), ptrace() (the caller is killed)": the calls that seccomp filters refuse, or "".
 * Pure. */
void surroundings__filtered(const struct surroundings *s, char *out, size_t size);

#endif
