/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which capabilities tracing needs, and which of them this process has not. Knows nothing of what
 * is done with them.
 */
#ifndef MIGPOP_PROBE_PRIVILEGE_H
#define MIGPOP_PROBE_PRIVILEGE_H

#include <stdbool.h>

/* All that tracing needs, in words. */
#define PRIVILEGES_NEEDED "CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE"

/* Those of them that are not in effect, as "CAP_BPF, CAP_PERFMON". Static; NULL if none. */
const char *privilege__missing(void);

/* Is one of these not in the bounding set either, so that no way leads to it? */
bool privilege__missing_is_bounded(void);

/* Why the kernel, or a seccomp filter before it, refuses perf events, and so kprobes, to this
 * process though it lacks none of them. Static; NULL if there is no such reason. */
const char *privilege__why_no_perf_events(void);

/* Why nobody may be started under ptrace(), as a traced command is. Static; NULL if there is no
 * such reason. */
const char *privilege__why_no_ptrace(void);

#endif
