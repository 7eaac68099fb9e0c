// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A grace period of the kernel's, which it keeps where an element of a map of maps is replaced: for
 * programs that may still see the old one (maybe_wait_bpf_programs(), kernel/bpf/syscall.c, 4.20).
 * membarrier(2) refuses where a CPU runs without a tick (nohz_full), as hosts of guests do.
 */
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "shared/types.h"
#include "tracer/grace.h"

int grace__open(struct grace *g)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);

	g->map = -1;
	g->element = bpf_map_create(BPF_MAP_TYPE_ARRAY, "grace_element", sizeof(u32), sizeof(u32),
				    1, NULL);
	if (g->element < 0)
		return g->element;
	opts.inner_map_fd = (u32)g->element;
	g->map = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "grace", sizeof(u32), sizeof(u32), 1,
				&opts);
	return g->map < 0 ? g->map : 0;
}

void grace__close(struct grace *g)
{
	if (g->map >= 0)
		close(g->map);
	if (g->element >= 0)
		close(g->element);
	g->map = g->element = -1;
}

int grace__wait(const struct grace *g)
{
	u32 zero = 0;

	return bpf_map_update_elem(g->map, &zero, &g->element, BPF_ANY);
}
