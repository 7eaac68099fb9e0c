// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The blocks of a guest's RAM, whichever VMM it has.
 */
#include "vmm/ram_blocks.h"

#include <stdlib.h>

#include "record.h"
#include "vmm/vmm.h"

int ram_blocks__read(struct ram_blocks *out, const struct record_target *t, pid_t pid,
		     const struct ram_told *told, size_t nr_told)
{
	const struct vmm *vmm = vmm__or_first(vmm__of(t));
	struct ram_blocks found = {0};
	int err = vmm->ram_blocks ? vmm->ram_blocks(&found, t, pid, told, nr_told) : 0;

	if (err || !found.n) {
		ram_blocks__free(&found);
		return err;
	}
	ram_blocks__free(out);
	*out = found;
	return 0;
}

void ram_blocks__free(struct ram_blocks *b)
{
	free(b->v);
	*b = (struct ram_blocks){0};
}

const struct ram_block *ram_blocks__find(const struct ram_blocks *b, uint32_t dev, uint64_t inode,
					 uint64_t address)
{
	for (size_t i = 0; i < b->n; i++)
		if (inode ? b->v[i].inode == inode && b->v[i].dev == dev
			  : !b->v[i].inode && address >= b->v[i].start && address < b->v[i].end)
			return &b->v[i];
	return NULL;
}
