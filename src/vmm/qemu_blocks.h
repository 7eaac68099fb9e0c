/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks QEMU's monitor for its RAM blocks: blocks that were plugged in later are on no command line.
 */
#ifndef MIGPOP_VMM_QEMU_BLOCKS_H
#define MIGPOP_VMM_QEMU_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "vmm/ram_blocks.h"

struct qmp;

/*
 * Asks for the memory backends, and, where this version tells them, for the addresses of RAM blocks
 * ("info ramblock", column HVA). Returns 0 or a negative errno; free *out in either case.
 */
int qemu_blocks__ask(struct qmp *qmp, struct ram_told **out, size_t *n);

/* Bytes of memory that the guest has from the start, without what was plugged in; -1 where QEMU
 * does not say. */
int64_t qemu_blocks__base(struct qmp *qmp);

#endif
