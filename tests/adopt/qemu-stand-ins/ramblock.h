/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stand-in for QEMU's description of a RAM block, in our own words. */
#ifndef RAMBLOCK_H
#define RAMBLOCK_H

struct RAMBlock {
	uint8_t *host;
	ram_addr_t used_length, max_length;
	char idstr[256];
	QLIST_ENTRY(RAMBlock) next;
	QLIST_HEAD(, RAMBlockNotifier) notifiers;
	int fd;
	uint64_t fd_offset;
	size_t page_size;
	unsigned long *bmap, *receivedmap;
};

#endif
