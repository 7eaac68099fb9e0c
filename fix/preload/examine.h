/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tells whether the file of a RAM block can be asked if a page was ever populated, and if not, why.
 * Uses only /proc/self/maps, fstat() and fstatfs() for shared memory: libvirt's AppArmor profile
 * refuses QEMU /proc/self/smaps and pagemap (abstractions/libvirt-qemu of libvirt 9.0).
 */
#ifndef PRELOAD_EXAMINE_H
#define PRELOAD_EXAMINE_H

#include "blocks.h"

struct examined {
	const char *why; /* why the file cannot be asked, a static string; NULL: it can be asked */
	bool suffers;    /* if the file cannot be asked, each zero page that a migration reads is
			    populated */
};

/* Fills *block for the RAM block at "host" if its file can be asked. "*pagemap" is an fd of
 * /proc/self/pagemap, which is needed for private memory: if it is -1 and needed, it is opened, and
 * stays open for the next call. */
struct examined examine_block(const struct qemu *qemu, void *host, size_t size, int *pagemap,
			      struct block *block);

#endif
