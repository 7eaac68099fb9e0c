/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What code one process has and had mapped, each mapping with its module. Knows nothing of names.
 */
#ifndef MIGPOP_SYMBOL_PROCESS_MAPS_H
#define MIGPOP_SYMBOL_PROCESS_MAPS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "symbol/code_mapping.h"

struct module;
struct modules;

struct mapping {
	struct code_mapping code;
	struct module *module; /* NULL where there is no file that can be read */
};

struct mappings {
	struct mapping *v;
	size_t n;
};

struct process_maps {
	pid_t pid;
	struct mappings now;  /* by address */
	struct mappings past; /* gone: oldest first, and not forever */
};

/* Reads /proc/PID/maps; modules that are new are opened through the process's own eyes. 0, or a
 * negative errno with what was known kept. */
int process_maps__update(struct process_maps *p, struct modules *modules);
void process_maps__clear(struct process_maps *p);

/* What is at "address", else what was there last; NULL if nothing ever was. */
const struct mapping *process_maps__find(const struct process_maps *p, uint64_t address);

#endif
