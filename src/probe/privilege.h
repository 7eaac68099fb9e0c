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

/* Why the kernel refuses perf events, and so kprobes, to this process though it lacks none of them.
 * Static; NULL if there is no such reason. */
const char *privilege__why_no_perf_events(void);

/* Programs see the process ids of the initial name space, /proc those of its own: in any other name
 * space a target would be watched under another process's number. */
bool privilege__sees_all_processes(void);

#endif
