// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The library that must be caught, in place of qemu.c: postcopy is news to it, so pages that are
 * loaded as zero are not made present. The guest waits for them for ever.
 */
#define qemu_find qemu_really_find
#include "qemu.c" // NOLINT: everything else of it is right
#undef qemu_find

static bool never(void)
{
	return false;
}

bool qemu_find(struct qemu *qemu)
{
	bool found = qemu_really_find(qemu);

	qemu->migrate_postcopy_ram = never;
	return found;
}
