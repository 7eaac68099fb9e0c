/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the container and the Kubernetes pod of a process by its cgroup, which container engines
 * name after them. A function of its arguments alone.
 */
#ifndef MIGPOP_PROC_CONTAINER_H
#define MIGPOP_PROC_CONTAINER_H

enum { CONTAINER_POD_MAX = 37, CONTAINER_ID_MAX = 65 }; /* bytes, with the terminating 0 */

struct container {
	char pod[CONTAINER_POD_MAX]; /* "8d6e3b9c-0f43-4b21-9a0d-2f7f0c5e1a90", empty: in no pod */
	char id[CONTAINER_ID_MAX];   /* 64 hexadecimal digits, empty: in no container */
};

/* Fills "out" from the text of /proc/PID/cgroup, with all its hierarchies. Of containers inside
 * containers it takes the innermost. "out" is empty for a process in no container, and for the
 * monitors that engines run beside a container. */
void container__find(const char *cgroups, struct container *out);

#endif
