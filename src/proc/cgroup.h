/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists the processes of a cgroup, by any of the names that a user may find: a directory, a path
 * below a hierarchy (machine.slice/vm1.scope), or the path that /proc/PID/cgroup shows. Knows
 * nothing of what is done with them.
 */
#ifndef MIGPOP_PROC_CGROUP_H
#define MIGPOP_PROC_CGROUP_H

#include <sys/types.h>

/*
 * Calls "visit" for each process of the cgroup and of those below it, in no particular order. If
 * "visit" returns non-zero, the walk ends and returns that value. A process that moves meanwhile
 * may be visited twice, or not at all. A threaded cgroup has no processes of its own (cgroup.procs
 * returns EOPNOTSUPP, Documentation/admin-guide/cgroup-v2.rst): then the processes of the nearest
 * cgroup above it that has some are visited. -ENOENT: there is no such cgroup.
 */
int cgroup__each_process(const char *name, int (*visit)(pid_t pid, void *data), void *data);

#endif
