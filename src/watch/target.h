/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process whose pages are counted: what it is, what memory it has, and whether it lives. It must
 * know neither the tracer nor records of windows.
 */
#ifndef MIGPOP_WATCH_TARGET_H
#define MIGPOP_WATCH_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "books/facts.h"
#include "proc/figures.h"
#include "record.h"
#include "vmm/ram_blocks.h"

struct resolver;

struct target {
	pid_t pid;
	int pidfd;
	bool gone;
	bool at_exit_known; /* at_exit was read while the process stood at its end */
	struct proc_figures at_exit;
	struct record_target described; /* as it was when it was described last */
	struct ram_told *told;          /* what its monitor said of its RAM blocks */
	size_t nr_told;
	struct ram_blocks blocks; /* as they were when they were looked for last */
	struct look *looks;       /* what its memory held when it was looked at last */
	size_t nr_looks;
};

/* Takes hold of process "pid" and describes it. Returns 0, or a negative errno, and then there is
 * nothing to free; -ESRCH if the process is gone. */
int target__init(struct target *t, pid_t pid, struct resolver *resolver);
void target__free(struct target *t);

/* True if the process has ended: its process id may be another's from then on. */
bool target__is_gone(struct target *t);

/* True if its memory can be looked at. A process that was looked at when it stood at its end goes
 * on to give its memory up, which it cannot do while somebody looks: we would do it in its place.
 */
bool target__has_memory(struct target *t);

/* Reads the figures of /proc, or those that were read when the process stood at its end. If it is
 * gone, all are unknown. */
void target__figures(struct target *t, struct target_figures *out);

/* Describes the process again, as after it has executed a program. */
void target__describe(struct target *t, struct resolver *resolver);

/* Looks which of its memory is which RAM block, as long as the process is there. */
void target__find_blocks(struct target *t);

/* Forgets what its memory held. */
void target__forget_looks(struct target *t);

#endif
