/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tracer.c and counters.c share of struct tracer.
 */
#ifndef MIGPOP_COLLECT_TRACER_INTERNAL_H
#define MIGPOP_COLLECT_TRACER_INTERNAL_H

#include "collect/tracer.h"
#include "migpop.skel.h"

enum { TRACER_LINKS_MAX = 32 };

struct tracer {
	struct migpop_bpf *skel;
	struct bpf_link *links[TRACER_LINKS_MAX];
	size_t nr_links;
	enum mode mode;
};

void tracer__detach(struct tracer *t);

/* Runs an iterator program to its end, over the elements of a map or (map_fd -1) over tasks. */
int tracer__run_iterator(const struct bpf_program *prog, int map_fd);

#endif
