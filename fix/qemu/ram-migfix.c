/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lets libmigfix handle QEMU's guest memory: tells the region of each RAMBlock
 * what QEMU knows of that RAMBlock. Belongs into migration/. It must not know
 * how a page is made zero.
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "qemu/rcu.h"
#if __has_include("system/ramblock.h") /* since 10.1 */
#include "system/memory.h"
#include "system/ramblock.h"
#include "system/runstate.h"
#else
#include "exec/memory.h"
#include "exec/ramblock.h"
#include "sysemu/runstate.h"
#endif
#include "migration/colo.h"
#include "migration.h"
#include "options.h"
#include "ram.h"
#include "ram-migfix.h"
#include <migfix.h>

struct ram_migfix {
    struct migfix_region *region;
    bool gathers; /* only the loader of the main thread writes this block */
    bool pinned;  /* the region was told already; any thread may set it */
    int err; /* the first error of runs that were handled when the block was
                pinned */
};

static void open_region(RAMBlock *rb, uint32_t flags, bool gathers)
{
    struct migfix_options options = MIGFIX_OPTIONS_INIT;
    struct migfix_region *region;
    int err;

    if (rb->migfix || !rb->host) {
        return;
    }
    options.flags = flags;
    options.fd = rb->fd;
    options.fd_offset = rb->fd_offset;
    err = migfix_region_open(&region, rb->host, rb->max_length, &options);
    if (err) {
        /* Without a region the block's pages are compared and written. */
        warn_report("libmigfix: RAM block %s: %s", rb->idstr, strerror(-err));
        return;
    }
    rb->migfix = g_new0(struct ram_migfix, 1);
    rb->migfix->region = region;
    rb->migfix->gathers = gathers;
}

void ram_migfix_open_incoming(RAMBlock *rb)
{
    /*
     * COLO copies what it loads, multifd channels write on their own, and
     * loadvm and mapped-ram fill memory without ram_migfix_write().
     */
    bool only_loader = runstate_check(RUN_STATE_INMIGRATE) &&
                       !migrate_multifd() && !migrate_mapped_ram() &&
                       !migrate_colo() && !ram_block_discard_is_disabled();
    uint32_t flags = only_loader ? MIGFIX_TRACK : 0;

    /* Postcopy marks a zero page received and answers no fault on it. */
    if (migrate_postcopy_ram()) {
        flags |= MIGFIX_MUST_BE_PRESENT;
    }
    open_region(rb, flags, only_loader);
}

void ram_migfix_open_outgoing(RAMBlock *rb)
{
    /* Never tracked, because the guest runs. The source only asks, and gives
     * nothing back. */
    open_region(rb, MIGFIX_PINNED, false);
}

void ram_migfix_close(RAMBlock *rb)
{
    struct ram_migfix *m = rb->migfix;

    if (!m) {
        return;
    }
    rb->migfix = NULL;
    if (migfix_region_close(m->region)) {
        error_report("libmigfix: RAM block %s was not flushed", rb->idstr);
    }
    g_free(m);
}

/* From now on no page is given back, and other threads may write it. */
static void pin(struct ram_migfix *m)
{
    int err;

    if (!qatomic_read(&m->pinned)) {
        err = migfix_region_set_flags(m->region, MIGFIX_PINNED, MIGFIX_TRACK);
        if (err) {
            qatomic_set(&m->err, err);
        }
        qatomic_set(&m->pinned, true);
    }
}

/* Finds the region of guest memory at "host", and the offset in it; NULL if
 * there is no region, or if the range is not all in one block. */
static struct ram_migfix *find(const void *host, size_t size, uint64_t *off)
{
    struct ram_migfix *m;
    ram_addr_t offset;
    RAMBlock *rb;

    RCU_READ_LOCK_GUARD();
    rb = qemu_ram_block_from_host((void *)host, false, &offset);
    if (!rb || !rb->migfix || size > rb->max_length - offset) {
        return NULL;
    }
    m = rb->migfix;
    /* COLO and VFIO disable discards only when the stream or a device asks. */
    if (ram_block_discard_is_disabled()) {
        pin(m);
    }
    *off = offset;
    return m;
}

static void compare_and_write(void *host, size_t size)
{
    if (!buffer_is_zero(host, size)) {
        memset(host, 0, size);
    }
}

void ram_migfix_zero(void *host, size_t size)
{
    uint64_t off;
    struct ram_migfix *m = find(host, size, &off);

    if (!m || migfix_zero(m->region, off, size)) {
        compare_and_write(host, size);
    }
}

void ram_migfix_zero_pinned(void *host, size_t size)
{
    uint64_t off;
    struct ram_migfix *m = find(host, size, &off);

    if (m) {
        pin(m);
    }
    ram_migfix_zero(host, size);
}

int ram_migfix_zero_later(void *host, size_t size)
{
    uint64_t off;
    struct ram_migfix *m = find(host, size, &off);

    if (!m || !m->gathers || qatomic_read(&m->pinned)) {
        ram_migfix_zero(host, size);
        return 0;
    }
    return migfix_zero_later(m->region, off, size);
}

int ram_migfix_flush(void)
{
    RAMBlock *rb;
    int ret = 0;

    RCU_READ_LOCK_GUARD();
    RAMBLOCK_FOREACH(rb)
    {
        int err = rb->migfix ? migfix_flush(rb->migfix->region) : 0;

        if (!err && rb->migfix) {
            err = qatomic_read(&rb->migfix->err);
        }
        ret = ret ? ret : err;
    }
    return ret;
}

int ram_migfix_write(void *host, size_t size)
{
    uint64_t off;
    struct ram_migfix *m = find(host, size, &off);
    void *memory;

    return m ? migfix_write(m->region, off, size, &memory) : 0;
}

bool ram_migfix_is_zero(const void *host, size_t size)
{
    uint64_t off;
    struct ram_migfix *m = find(host, size, &off);
    int zero = m ? migfix_is_zero(m->region, off, size) : -ENOENT;

    return zero < 0 ? buffer_is_zero(host, size) : zero;
}

void ram_migfix_populate_read(RAMBlock *rb, ram_addr_t offset, ram_addr_t size)
{
    struct migfix_options options = MIGFIX_OPTIONS_INIT;
    struct migfix_region *region;
    int err;

    /* A background snapshot populates memory before its bitmap is there. */
    options.backing = MIGFIX_BACKING_UNKNOWN;
    err = migfix_region_open(&region, rb->host + offset, size, &options);
    if (!err) {
        err = migfix_populate_read(region, 0, size, NULL, NULL);
        migfix_region_close(region);
    }
    /* A page without a page table entry would be missing in the snapshot. */
    for (; err && size; offset += rb->page_size) {
        (void)*(volatile char *)(rb->host + offset);
        size -= MIN(size, rb->page_size);
    }
}
