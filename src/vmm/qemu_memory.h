/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The RAM blocks of a QEMU: which mapping is which memory backend, by its command line and its
 * mappings, and by what its monitor has told, if it was asked.
 */
#ifndef MIGPOP_VMM_QEMU_MEMORY_H
#define MIGPOP_VMM_QEMU_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "vmm/ram_blocks.h"

/* A descriptor of the process and the file that it is of. */
struct ram_descriptor {
	uint32_t dev;
	uint64_t inode;
	int fd;
};

/* What blocks are found by, besides the command line. */
struct ram_evidence {
	const char *maps; /* the text of /proc/PID/maps */
	const struct ram_descriptor *descriptors;
	size_t nr_descriptors;
	const struct ram_told *told;
	size_t nr_told;
};

/* Holds the backends of the command line of "t" against the evidence, which is all it looks at.
 * Returns 0 or -ENOMEM; free *out in either case. */
int qemu_memory__match(struct ram_blocks *out, const struct record_target *t,
		       const struct ram_evidence *evidence);

/* Looks at process "pid": a function for a row of src/vmm/vmm.h. */
int qemu_memory__read(struct ram_blocks *out, const struct record_target *t, pid_t pid,
		      const struct ram_told *told, size_t nr_told);

#endif
