/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows which capabilities tracing needs, and which of them this process lacks. Knows nothing of
 * what they are used for.
 */
#ifndef MIGPOP_PROBE_PRIVILEGE_H
#define MIGPOP_PROBE_PRIVILEGE_H

#include <stdbool.h>

/* All capabilities that tracing needs, as words of a sentence. */
#define PRIVILEGES_NEEDED "CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE"

/* Those of them that are not in effect, such as "CAP_BPF, CAP_PERFMON", in a static buffer; NULL if
 * there are none. */
const char *privilege__missing(void);

/* True if one of these is not in the bounding set either, so that the process can never get it. */
bool privilege__missing_is_bounded(void);

/* Why the kernel, or a seccomp filter before it, refuses perf events, and so kprobes, to this
 * process although it has the capabilities; a static string. NULL if there is no such reason. */
const char *privilege__why_no_perf_events(void);

/* Why no process may be started under ptrace(), as traced commands are; a static string. NULL if
 * there is no such reason. */
const char *privilege__why_no_ptrace(void);

#endif
