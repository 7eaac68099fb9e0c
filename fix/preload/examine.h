/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Can the file of a RAM block be asked whether a page was ever populated, and if not, why? Needs
 * /proc/self/maps, fstat() and fstatfs() and no more: libvirt's AppArmor profile refuses QEMU
 * /proc/self/smaps and pagemap (abstractions/libvirt-qemu of libvirt 9.0).
 */
#ifndef PRELOAD_EXAMINE_H
#define PRELOAD_EXAMINE_H

#include "blocks.h"

struct examined {
	const char *why; /* static: why it cannot be asked; NULL: it can */
	bool suffers;    /* so each zero page of it that a migration reads becomes populated */
};

/* Fills in "block", from "host" on, where it can be asked. "*pagemap" is a descriptor
 * of /proc/self/pagemap, which private memory is asked by as well: opened where it is -1 and
 * needed. */
struct examined examine_block(const struct qemu *qemu, void *host, size_t size, int *pagemap,
			      struct block *block);

#endif
