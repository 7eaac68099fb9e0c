/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processes of a cgroup, by any of the names that a user finds: a directory, a path below a
 * hierarchy (machine.slice/vm1.scope), or the path as /proc/PID/cgroup has it. Knows nothing of
 * what is done with them.
 */
#ifndef MIGPOP_PROC_CGROUP_H
#define MIGPOP_PROC_CGROUP_H

#include <sys/types.h>

/*
 * Calls "visit" for each process of the cgroup and of those below it, in no order, until it returns
 * non-zero, which is returned; a process that moves meanwhile may be met twice, or not at all. A
 * threaded cgroup has no processes of its own (cgroup.procs answers EOPNOTSUPP,
 * Documentation/admin-guide/cgroup-v2.rst): those of the nearest one above it that has are visited.
 * -ENOENT: there is no such cgroup.
 */
int cgroup__each_process(const char *name, int (*visit)(pid_t pid, void *data), void *data);

#endif
