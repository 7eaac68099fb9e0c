/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the QEMU that we are loaded into exports, and nothing of ours. Every function that is used
 * is here with its prototype, as QEMU 7.2 to 11.1 have it; a RAMBlock is opaque. ram_addr_t is 64
 * bits wide on every 64-bit host.
 */
#ifndef PRELOAD_QEMU_H
#define PRELOAD_QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ram_block;

/* QEMU's RAMBlockNotifier since 6.0. QEMU links it into its list by "next"; the spare words are for
 * members that a later version may have: a NULL callback is not called. */
struct ram_block_notifier {
	void (*added)(struct ram_block_notifier *n, void *host, size_t size, size_t max_size);
	void (*removed)(struct ram_block_notifier *n, void *host, size_t size, size_t max_size);
	void (*resized)(struct ram_block_notifier *n, void *host, size_t old_size, size_t new_size);
	void *next[2];
	void *spare[8];
};

/* A function of QEMU's that may be replaced. */
struct qemu_function {
	void *entry; /* NULL: not exported */
	size_t size;
};

struct qemu {
	/* May be replaced. */
	struct qemu_function buffer_is_zero;     /* up to 9.0 */
	struct qemu_function buffer_is_zero_ool; /* 9.1 and later: what its inline part calls … */
	struct qemu_function buffer_is_zero_ge256; /* … and where the length is a constant */
	struct qemu_function ram_handle_zero;      /* 8.2 and later */
	/* Are asked. Always there, or it is not a QEMU to work with: */
	struct ram_block *(*ram_block_from_host)(void *host, bool round, uint64_t *offset);
	int (*ram_get_fd)(struct ram_block *block);
	bool (*ram_is_shared)(struct ram_block *block);
	size_t (*ram_pagesize)(struct ram_block *block);
	void (*ram_block_notifier_add)(struct ram_block_notifier *n);
	bool (*migrate_postcopy_ram)(void);
	bool (*in_coroutine)(void);
	/* NULL where not exported: */
	bool (*ram_block_discard_is_disabled)(void);
	/* Of this thread; begins with its counter, which is 0 outside of RCU critical sections. */
	const unsigned long *(*get_ptr_rcu_reader)(void);
};

/* Fills it in. False: the program is not a QEMU system emulator. */
bool qemu_find(struct qemu *qemu);

/* Why it cannot be asked what has to be asked, or NULL. */
const char *qemu_missing(const struct qemu *qemu);

/* Where a page is read before any function is called with it, none can help: QEMU 9.1 to 10.x
 * compile the first comparisons of buffer_is_zero() into the loop that sends RAM. */
bool qemu_reads_before_it_asks(const struct qemu *qemu);

/* Multifd's threads ask out of line all the same. */
bool qemu_multifd_asks(const struct qemu *qemu);

#endif
