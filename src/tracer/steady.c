// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For milliseconds at most: the scheduler of the thread is what it was before at the end.
 */
#include "tracer/steady.h"

bool steady__begin(struct steady *s)
{
	const struct sched_param first = {.sched_priority = 1};

	s->policy = sched_getscheduler(0);
	if (s->policy == SCHED_FIFO || s->policy == SCHED_RR) {
		s->policy = -1;
		return true;
	}
	if (s->policy < 0 || sched_getparam(0, &s->param) ||
	    sched_setscheduler(0, SCHED_FIFO, &first)) {
		s->policy = -1;
		return false;
	}
	return true;
}

void steady__end(const struct steady *s)
{
	if (s->policy >= 0)
		sched_setscheduler(0, s->policy, &s->param);
}
