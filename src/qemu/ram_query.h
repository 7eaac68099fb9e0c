/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a QEMU says of its RAM blocks over its monitor: those that were plugged in are on no command
 * line.
 */
#ifndef MIGPOP_QEMU_RAM_QUERY_H
#define MIGPOP_QEMU_RAM_QUERY_H

#include <stddef.h>

#include "vmm/ram_blocks.h"

struct qmp;

/*
 * Asks for the memory backends, and for the addresses of RAM blocks where the version tells them
 * ("info ramblock", a column HVA). 0 or a negative errno; *out is to be freed either way.
 */
int ram_query__ask(struct qmp *qmp, struct ram_told **out, size_t *n);

#endif
