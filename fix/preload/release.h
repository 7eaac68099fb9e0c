/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Uses libmigfix to zero populated guest memory that was sent as zero. A page is given back where
 * that is allowed, and kept if it was populated before the first page was loaded (prealloc=on).
 * Only the replacement of ram_handle_zero() uses it.
 */
#ifndef PRELOAD_RELEASE_H
#define PRELOAD_RELEASE_H

#include <stdbool.h>
#include <stddef.h>

#include "migfix.h"
#include "qemu.h"

/* If QEMU cannot tell whether discards are disabled, nothing is ever given back. */
void release_init(const struct qemu *found, enum migfix_policy wanted);

/* Called before a page is loaded. The first call notes, for all RAM blocks there are, which pages
 * are populated: these are kept. Blocks that are added later are never given back. */
void release_sight(void);

/* Makes the range zero and returns true. Returns false if it did not: then nothing was given back,
 * and the original rule must run. */
bool release_zero(const void *memory, size_t length);

/* Closes the regions of memory that is about to be unmapped. Returns when no thread uses them any
 * more. */
void release_forget(const void *memory, size_t length);

#endif
