/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Describes a process for a record: who it is, what it executes, where it is contained. It must not
 * know what the program is for.
 */
#ifndef MIGPOP_PROC_DESCRIBE_H
#define MIGPOP_PROC_DESCRIBE_H

#include <sys/types.h>

struct record_target;

/* Sets pid, uid, cgroup, pod_uid, container_id, comm, exe and cmdline of "t", which must be
 * initialised; what cannot be read stays unknown. */
void proc__describe(pid_t pid, struct record_target *t);

#endif
