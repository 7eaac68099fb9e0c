/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * QEMU's guest memory in the hands of libmigfix: one region a RAMBlock. Goes to
 * migration/; the call sites are those of migfix.cocci.
 *
 * Memory is named by host address, as it is in the loader: what is not guest
 * memory (COLO's cache) is compared and written as before.
 */
#ifndef QEMU_MIGRATION_RAM_MIGFIX_H
#define QEMU_MIGRATION_RAM_MIGFIX_H

/* A region lives as long as the bitmap of the migration that it is for. */
void ram_migfix_open_incoming(RAMBlock *rb);
void ram_migfix_open_outgoing(RAMBlock *rb);
void ram_migfix_close(RAMBlock *rb);

/* Makes [host, host + size) zero, now. */
void ram_migfix_zero(void *host, size_t size);

/* The same where RDMA may have pinned the memory: it keeps its pages. */
void ram_migfix_zero_pinned(void *host, size_t size);

/* The same, by ram_migfix_flush() at the latest. -errno, also of what was
 * gathered before. */
int ram_migfix_zero_later(void *host, size_t size);
int ram_migfix_flush(void);

/* Before anything else is stored in [host, host + size). */
int ram_migfix_write(void *host, size_t size);

/* As buffer_is_zero(). */
bool ram_migfix_is_zero(const void *host, size_t size);

/* Page tables, and the shared zero page, for all of [offset, offset + size). */
void ram_migfix_populate_read(RAMBlock *rb, ram_addr_t offset, ram_addr_t size);

#endif
