/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As much of QEMU's declarations as its migration needs to pass a compiler's checks with the
 * semantic patch applied. Ours, and no more than names and types: nothing here is linked.
 */
#ifndef DECLARATIONS_H
#define DECLARATIONS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t ram_addr_t;
typedef struct RAMBlock RAMBlock;
typedef struct QEMUFile QEMUFile;
typedef struct Error Error;
#include "cocci-macro-file.h"
#include "ramblock.h"

#define TARGET_PAGE_BITS 12
#define TARGET_PAGE_SIZE (1 << TARGET_PAGE_BITS)
#define TARGET_PAGE_MASK (~(ram_addr_t)(TARGET_PAGE_SIZE - 1))
#define MIN(a, b)        ((a) < (b) ? (a) : (b))

enum {
	RAM_SAVE_FLAG_ZERO = 2,
	RAM_SAVE_FLAG_PAGE = 8,
	RAM_SAVE_FLAG_EOS = 16,
	RAM_SAVE_FLAG_CONTINUE = 32,
	RAM_SAVE_FLAG_XBZRLE = 64
};
enum { RUN_STATE_INMIGRATE, RUN_STATE_RESTORE_VM };

struct stand_in_guard {
	int unused;
};
#define RCU_READ_LOCK_GUARD() struct stand_in_guard guard __attribute__((unused)) = {0}
RAMBlock *first_block(void);
#define RAMBLOCK_FOREACH(rb)             for ((rb) = first_block(); (rb); (rb) = (rb)->next.after)
#define RAMBLOCK_FOREACH_NOT_IGNORED(rb) RAMBLOCK_FOREACH(rb)
#define qatomic_read(p)                  __atomic_load_n(p, __ATOMIC_RELAXED)
#define qatomic_set(p, v)                __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define g_new0(type, n)                  ((type *)calloc(n, sizeof(type)))
#define g_free                           free

unsigned long *bitmap_new(long bits);
bool buffer_is_zero(const void *buf, size_t len);
void error_report(const char *format, ...);
void warn_report(const char *format, ...);
RAMBlock *qemu_ram_block_from_host(void *host, bool round_offset, ram_addr_t *offset);
bool ram_block_discard_is_disabled(void);
bool runstate_check(int state);
bool migrate_multifd(void);
bool migrate_mapped_ram(void);
bool migrate_colo(void);
bool migrate_postcopy_ram(void);

uint64_t qemu_get_be64(QEMUFile *f);
int qemu_get_byte(QEMUFile *f);
size_t qemu_get_buffer(QEMUFile *f, uint8_t *buf, size_t size);
int load_xbzrle(QEMUFile *f, ram_addr_t addr, void *host);
RAMBlock *ram_block_from_stream(QEMUFile *f, int flags);
void *host_from_ram_block_offset(RAMBlock *rb, ram_addr_t offset);
void trace_ram_load_loop(const char *block, uint64_t addr, int flags, void *host);
size_t save_page_header(QEMUFile *f, RAMBlock *rb, ram_addr_t offset);
bool ramblock_recv_bitmap_test_byte_offset(RAMBlock *rb, uint64_t offset);
void ramblock_recv_bitmap_set_offset(RAMBlock *rb, uint64_t offset);
void ram_release_page(const char *name, uint64_t offset);
void ram_handle_zero(void *host, uint64_t size);
void ram_handle_compressed(void *host, uint8_t ch, uint64_t size);

#endif
