/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks QEMU's monitor for its RAM blocks: blocks that were plugged in later are on no command line.
 */
#ifndef MIGPOP_QEMU_RAM_QUERY_H
#define MIGPOP_QEMU_RAM_QUERY_H

#include <stddef.h>
#include <stdint.h>

#include "vmm/ram_blocks.h"

struct qmp;

/*
 * Asks for the memory backends, and, where this version tells them, for the addresses of RAM blocks
 * ("info ramblock", column HVA). Returns 0 or a negative errno; free *out in either case.
 */
int ram_query__ask(struct qmp *qmp, struct ram_told **out, size_t *n);

/* Bytes of memory that the guest has from the start, without what was plugged in; -1 where QEMU
 * does not say. */
int64_t ram_query__base(struct qmp *qmp);

#endif
