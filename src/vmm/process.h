/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process that runs a VMM, seen from outside.
 */
#ifndef MIGPOP_VMM_PROCESS_H
#define MIGPOP_VMM_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/window.h"

struct record_target;

/* True if the process runs a VMM. */
bool vmm_process__is_one(pid_t pid);

/* The number of its VMM's row; 0 if the VMM is not known. */
uint32_t vmm_process__number(pid_t pid);

/* Sets all of "t", which must be initialised, that the process and its command line tell; what
 * cannot be read stays unknown. */
void vmm_process__describe(pid_t pid, struct record_target *t);

struct emulator_state {
	bool incoming;          /* it was started to receive a guest */
	pid_t migration_thread; /* a thread that sends, if threads have names; else 0 */
};

void vmm_process__state(pid_t pid, struct emulator_state *out);

/* What thread "tid" of the process sends the guest's memory for, by its name. */
enum sender_thread vmm_process__sender(pid_t pid, pid_t tid);

#endif
