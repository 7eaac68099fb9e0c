/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds out which system calls of the tracer a seccomp filter refuses. Knows nothing of what the
 * calls are for.
 */
#ifndef MIGPOP_PROBE_SECCOMP_H
#define MIGPOP_PROBE_SECCOMP_H

enum filtered_call {
	CALL_BPF,
	CALL_PIDFD_OPEN,
	CALL_PERF_EVENT_OPEN,
	CALL_PTRACE,
	NR_FILTERED_CALLS,
};

/* What seccomp__answer() returns for a call that kills the process. */
enum { SECCOMP_KILLS = -1 };

/* The name of a call, such as "bpf". */
const char *seccomp__call_name(enum filtered_call call);

/* How the filters of this process answer the call: 0 if they allow it or there are none; the errno
 * that they return instead of the kernel; or SECCOMP_KILLS. Each call is tried
 * once. */
int seccomp__answer(enum filtered_call call);

/* The name of an answer, such as "EPERM"; "it kills the caller" for SECCOMP_KILLS. */
const char *seccomp__answer_name(int answer);

#endif
