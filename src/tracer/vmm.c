// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tells the kernel's programs what the rows of src/vmm/ say: what VMMs are called, and by which
 * threads and streams their migrations are recognised.
 */
#include <bpf/libbpf.h>
#include <string.h>

#include "tracer/tracer_internal.h"
#include "vmm/vmm.h"

/* The bytes of a name that count: with its 0, unless names may go on behind it. */
static struct vmm_comm_mask mask_of(const struct vmm_comm *c, uint32_t vmm)
{
	struct vmm_comm_mask m = {.vmm = vmm};
	size_t len = strlen(c->name) + !c->is_prefix;

	memcpy(m.comm, c->name, len);
	memset(m.mask, 0xff, len);
	return m;
}

void tracer__name_programs(struct tracer *t)
{
	struct migpop_bpf__rodata *to = t->skel->rodata;

	for (uint32_t i = 0; vmm_rows[i]; i++) {
		to->vmm_signs[i].magic = vmm_rows[i]->magic;
		to->vmm_signs[i].argument_name = vmm_rows[i]->argument_name;
		for (const struct vmm_comm *c = vmm_rows[i]->comms; c && c->name; c++)
			to->vmm_comms[to->nr_vmm_comms++] = mask_of(c, i);
	}
}

int tracer__name_threads(struct tracer *t)
{
	int err = 0;

	for (uint32_t i = 0; vmm_rows[i]; i++)
		for (const struct vmm_thread *v = vmm_rows[i]->threads; v && v->name && !err; v++) {
			struct vmm_thread_name name = {.vmm = i};
			u32 kind = v->is;

			strncpy(name.comm, v->name, sizeof(name.comm) - 1);
			err = bpf_map__update_elem(t->skel->maps.thread_kinds, &name, sizeof(name),
						   &kind, sizeof(kind), BPF_ANY);
		}
	return err;
}
