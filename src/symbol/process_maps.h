/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The code that one process has mapped now, and had mapped before, each mapping with its module.
 * Knows nothing of names.
 */
#ifndef MIGPOP_SYMBOL_PROCESS_MAPS_H
#define MIGPOP_SYMBOL_PROCESS_MAPS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "symbol/code_mapping.h"

struct module;
struct modules;

struct mapped_code {
	struct code_mapping code;
	struct module *module; /* NULL if there is no file, or if it cannot be read */
};

struct mappings {
	struct mapped_code *v;
	size_t n;
};

struct process_maps {
	pid_t pid;
	struct mappings now; /* sorted by address */
	/* mappings that are gone, oldest first; only the latest 1024 are kept */
	struct mappings past;
};

/* Reads /proc/PID/maps, and opens the files of new mappings as the process sees them. Returns 0, or
 * a negative errno; after an error the old mappings are kept. */
int process_maps__update(struct process_maps *p, struct modules *modules);
void process_maps__clear(struct process_maps *p);

/* The mapping at "address" now, or else the last one there was; NULL if there never was one. */
const struct mapped_code *process_maps__find(const struct process_maps *p, uint64_t address);

#endif
