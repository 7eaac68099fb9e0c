/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which system calls of the tracer a seccomp filter keeps from the kernel. Knows nothing of what
 * they are for.
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

/* What seccomp__answer() returns of a call that ends the process. */
enum { SECCOMP_KILLS = -1 };

/* "bpf" */
const char *seccomp__call_name(enum filtered_call call);

/* How the filters of this process answer the call: 0 where they let it through or there are none,
 * the errno that they answer in place of the kernel, or SECCOMP_KILLS. Asked once. */
int seccomp__answer(enum filtered_call call);

/* "EPERM"; for SECCOMP_KILLS "it kills the caller". */
const char *seccomp__answer_name(int answer);

#endif
