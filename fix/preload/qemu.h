/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the QEMU that we are loaded into exports. Every function that is used is here with its
 * prototype, as QEMU 7.2 to 11.1 declare it; a RAMBlock is opaque. ram_addr_t is 64 bits wide on
 * every 64-bit host.
 */
#ifndef PRELOAD_QEMU_H
#define PRELOAD_QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ram_block;

/* QEMU's RAMBlockNotifier since 6.0. QEMU links it into its list by "next". The spare words stand
 * for members that a later version may add: QEMU does not call a callback that is NULL. */
struct ram_block_notifier {
	void (*added)(struct ram_block_notifier *n, void *host, size_t size, size_t max_size);
	void (*removed)(struct ram_block_notifier *n, void *host, size_t size, size_t max_size);
	void (*resized)(struct ram_block_notifier *n, void *host, size_t old_size, size_t new_size);
	void *next[2];
	void *spare[8];
};

/* A function of QEMU's that can be replaced. */
struct qemu_function {
	void *entry; /* NULL: QEMU does not export it */
	size_t size;
};

struct qemu {
	/* Functions that can be replaced: */
	struct qemu_function buffer_is_zero;     /* up to 9.0 */
	struct qemu_function buffer_is_zero_ool; /* since 9.1: the inline part calls it if the
						    compiler does not know the length */
	/* since 9.1: the inline part calls it if the length is a constant */
	struct qemu_function buffer_is_zero_ge256;
	struct qemu_function ram_handle_zero; /* since 8.2 */
	/* Functions that we call. A QEMU without one of these is left as it is: */
	struct ram_block *(*ram_block_from_host)(void *host, bool round, uint64_t *offset);
	int (*ram_get_fd)(struct ram_block *block);
	bool (*ram_is_shared)(struct ram_block *block);
	size_t (*ram_pagesize)(struct ram_block *block);
	void (*ram_block_notifier_add)(struct ram_block_notifier *n);
	bool (*migrate_postcopy_ram)(void);
	bool (*in_coroutine)(void);
	/* Functions that we call if QEMU exports them; otherwise NULL: */
	bool (*ram_block_discard_is_disabled)(void);
	/* Returns the RCU reader of this thread. It begins with a counter that is 0 outside of RCU
	 * critical sections. */
	const unsigned long *(*get_ptr_rcu_reader)(void);
};

/* Fills *qemu. Returns false if the program is not a QEMU system emulator. */
bool qemu_find(struct qemu *qemu);

/* Returns NULL if this QEMU exports what we must ask it, or the reason why it is left as it is. */
const char *qemu_missing(const struct qemu *qemu);

/* True if the source reads a page before it calls any function with it, so that no replacement can
 * help: QEMU 9.1 to 10.x compile the first comparisons of buffer_is_zero() into the loop that sends
 * RAM. */
bool qemu_reads_before_it_asks(const struct qemu *qemu);

/* True if the multifd threads of the source call buffer_is_zero_ool(), so that a replacement helps
 * them even where qemu_reads_before_it_asks(). */
bool qemu_multifd_asks(const struct qemu *qemu);

#endif
