/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a virtual machine monitor is recognised by in the kernel: its row of src/vmm/, as far as it
 * matters there. The number of a monitor is the index of its row.
 */
#ifndef MIGPOP_SHARED_VMM_H
#define MIGPOP_SHARED_VMM_H

#include "shared/types.h"
#include "shared/window.h"

/* How many monitors, and how many names of programs, there is room for; bytes of a thread's name
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

#endif
