/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which container and which pod of Kubernetes a process is of, by its cgroup: container engines
 * name the one after the other. Pure.
 */
#ifndef MIGPOP_PROC_CONTAINER_H
#define MIGPOP_PROC_CONTAINER_H

enum { CONTAINER_POD_MAX = 37, CONTAINER_ID_MAX = 65 }; /* bytes, with the terminating 0 */

struct container {
	char pod[CONTAINER_POD_MAX]; /* "8d6e3b9c-0f43-4b21-9a0d-2f7f0c5e1a90", empty: in none */
	char id[CONTAINER_ID_MAX];   /* 64 hexadecimal digits, empty: in none */
};

/* Fills "out" from the text of /proc/PID/cgroup, all hierarchies of it: of containers in containers
 * it is the innermost. Empty for what is in none, and for the monitors that engines run beside one.
 */
void container__find(const char *cgroups, struct container *out);

#endif
