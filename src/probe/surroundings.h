/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What surrounds this process and may keep it from tracing, in the way of BPF or of /proc: name
 * spaces, capabilities, seccomp filters, security modules, lockdown, file systems that are not
 * mounted. Knows neither the tracer's programs nor the modes.
 */
#ifndef MIGPOP_PROBE_SURROUNDINGS_H
#define MIGPOP_PROBE_SURROUNDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "probe/seccomp.h"

/* How far the trial with small programs came. */
enum trial {
	TRIAL_LOADS,   /* programs can be loaded, even those that read kernel memory */
	TRIAL_REFUSED, /* no program can be loaded */
	TRIAL_BLIND,   /* programs that read kernel memory cannot be loaded */
};

struct surroundings {
	bool has_proc;           /* /proc is mounted, and of this process's own PID name space */
	bool own_user_namespace; /* not the host's user name space */
	bool own_pid_namespace;
	bool has_sysfs;   /* sysfs is mounted at /sys */
	int btf;          /* errno of opening the kernel's BTF; 0: it can be read */
	char missing[64]; /* capabilities that are not in effect, such as "CAP_BPF, CAP_PERFMON"; or
			     empty */
	bool bounded;     /* one of these is not in the bounding set either */
	int filter[NR_FILTERED_CALLS]; /* what seccomp__answer() returns for each call */
	enum trial trial;
	int error;            /* errno of the trial */
	char confined[128];   /* profile or context of a security module that confines this process;
				 or empty */
	const char *lockdown; /* level of lockdown; NULL if it is not known */
};

/* Looks at this process. Loads small programs and throws them away. Asks the seccomp filters about
 * the calls that every trace needs; "all_calls": about those too that only some commands make. */
void surroundings__look(struct surroundings *s, bool all_calls);

/* True if no trace can do without the call. */
bool surroundings__need(enum filtered_call call);

/* Stores in "why" the n-th cause, from 0 on, why tracing is impossible: one sentence that says who
 * refuses what, and what helps. Returns false if there are no more. A pure function of *s. */
bool surroundings__refuse(const struct surroundings *s, unsigned int n, char *why, size_t size);

/* True if no program can be loaded. A pure function of *s. */
bool surroundings__load_nothing(const struct surroundings *s);

/* Stores in "out" the calls that seccomp filters refuse, such as "bpf() (EPERM), ptrace() (it kills
 * the caller)", or "". A pure function of *s. */
void surroundings__filtered(const struct surroundings *s, char *out, size_t size);

#endif
