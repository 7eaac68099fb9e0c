/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which capabilities tracing needs, and which of them this process has not. Knows nothing of what
 * is done with them.
 */
#ifndef MIGPOP_PROBE_PRIVILEGE_H
#define MIGPOP_PROBE_PRIVILEGE_H

/* All that tracing needs, in words. */
#define PRIVILEGES_NEEDED "CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE"

/* Those of them that are not in effect, as "CAP_BPF, CAP_PERFMON". Static; NULL if none. */
const char *privilege__missing(void);

#endif
