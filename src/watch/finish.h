/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The passes that make a raw record a finished one. This is the only place that knows their order.
 */
#ifndef MIGPOP_WATCH_FINISH_H
#define MIGPOP_WATCH_FINISH_H

#include "record.h"
#include "watch/target.h"

struct resolver;
struct rules;

/* Names the frames, the RAM blocks of the "n" targets and the versions of their programs, counts
 * the losses of chains, finds categories by "rules" (NULL: none), and sorts. Returns 0 or -ENOMEM.
 */
int finish__record(struct record *r, struct resolver *resolver, const struct target *targets,
		   size_t n, const struct rules *rules);

#endif
