/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of QEMU's RAM blocks is a backing? Told from its command line, without a monitor.
 */
#ifndef MIGPOP_QEMU_RAM_BLOCK_H
#define MIGPOP_QEMU_RAM_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct backing_row;
struct counters;
struct record_target;

struct ram_block {
	char id[64];
	int64_t length_pages;
};

/* True, and *out filled, where "row" of "c" is the memory of one of the memory-backend objects of
 * the QEMU "t". Objects of one kind are matched to files in the order of their creation. */
bool ram_block__find(const struct record_target *t, const struct counters *c,
		     const struct backing_row *row, struct ram_block *out);

#endif
