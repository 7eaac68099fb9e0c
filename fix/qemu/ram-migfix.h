/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lets libmigfix handle QEMU's guest memory, with one region for each RAMBlock.
 * Belongs into migration/; migfix.cocci inserts the calls.
 *
 * Memory is named by its host address, as in the loader. Memory that is not
 * guest memory (COLO's cache) is compared and written as before.
 */
#ifndef QEMU_MIGRATION_RAM_MIGFIX_H
#define QEMU_MIGRATION_RAM_MIGFIX_H

/* Open and close a region. It lives as long as the bitmap of the migration. */
void ram_migfix_open_incoming(RAMBlock *rb);
void ram_migfix_open_outgoing(RAMBlock *rb);
void ram_migfix_close(RAMBlock *rb);

/* Makes [host, host + size) zero at once. */
void ram_migfix_zero(void *host, size_t size);

/* Makes it zero where RDMA may have pinned the memory: all pages are kept. */
void ram_migfix_zero_pinned(void *host, size_t size);

/* Makes it zero at the next ram_migfix_flush() at the latest. Returns 0 or
 * -errno, which may be an error of a range that was gathered before. */
int ram_migfix_zero_later(void *host, size_t size);
int ram_migfix_flush(void);

/* Call before anything else is stored in [host, host + size). */
int ram_migfix_write(void *host, size_t size);

/* Answers as buffer_is_zero() does. */
bool ram_migfix_is_zero(const void *host, size_t size);

/* Populates page tables, with the shared zero page where a page is a hole, for
 * all of [offset, offset + size). */
void ram_migfix_populate_read(RAMBlock *rb, ram_addr_t offset, ram_addr_t size);

#endif
