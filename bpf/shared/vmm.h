/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a VMM is recognised by in the kernel: its row of src/vmm/, as far as it
 * matters there. The number of a VMM is the index of its row.
 */
#ifndef MIGPOP_SHARED_VMM_H
#define MIGPOP_SHARED_VMM_H

#include "shared/types.h"
#include "shared/window.h"

/* How many VMMs, and how many names of programs, there is room for; bytes of a thread's name
 * with the 0. */
enum { VMM_MAX = 8, VMM_COMMS_MAX = 16, COMM_SIZE = 16 };

/* What a thread is there for, by its name. */
enum thread_kind {
	THREAD_UNKNOWN,
	THREAD_SENDS_LIVE = SENDER_LIVE,
	THREAD_SENDS_SNAPSHOT = SENDER_SNAPSHOT,
	THREAD_SENDS_DUMP = SENDER_DUMP,
	THREAD_LISTENS,  /* at a destination, where postcopy begins */
	THREAD_CONNECTS, /* to something that may be a destination */
};

/* A key of the map of thread kinds. A name ends with zeros. */
struct vmm_thread_name {
	char comm[COMM_SIZE];
	u64 vmm; /* a VMM's number */
};

/* How the kernel names the programs of a VMM: a name that is equal under the mask. */
struct vmm_comm_mask {
	u64 comm[COMM_SIZE / 8], mask[COMM_SIZE / 8];
	u64 vmm; /* the VMM's number */
};

struct vmm_signs {
	u32 magic;         /* the first bytes of a stream; 0: it has no stream of its own */
	u32 argument_name; /* where a thread's argument points to its name; 0: nowhere */
};

_Static_assert(sizeof(struct vmm_thread_name) == 24, "no padding");
_Static_assert(sizeof(struct vmm_comm_mask) == 40, "no padding");

#endif
