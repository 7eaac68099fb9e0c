/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps the thread from being preempted while it reads maps. A system call that reads one lets no
 * program of a perf event or kprobe run on its CPU meanwhile (bpf_disable_instrumentation()): where
 * the kernel preempts it there, these programs miss what other threads do until it goes on.
 */
#ifndef MIGPOP_TRACER_STEADY_H
#define MIGPOP_TRACER_STEADY_H

#include <sched.h>
#include <stdbool.h>

struct steady {
	int policy; /* to go back to; -1: it was not changed */
	struct sched_param param;
};

/* Real-time, before all that is not; false where that is not allowed. steady__end() must follow. */
bool steady__begin(struct steady *s);
void steady__end(const struct steady *s);

#endif
