/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Populated guest memory that was sent as zero, made zero by libmigfix: given back where that is
 * allowed, and kept where it was populated before the first page was loaded (prealloc=on). For
 * QEMU's zero handler only.
 */
#ifndef PRELOAD_RELEASE_H
#define PRELOAD_RELEASE_H

#include <stdbool.h>
#include <stddef.h>

#include "migfix.h"
#include "qemu.h"

/* Unknown whether discards are disabled: nothing is ever given back. */
void release_init(const struct qemu *found, enum migfix_policy wanted);

/* Before a page is loaded: what is populated by now is kept. The first call does it for all RAM
 * blocks there are; blocks that come later are not given back. */
void release_sight(void);

/* Makes it zero: true. False: not done, and nothing changed; the original rule is to run. */
bool release_zero(const void *memory, size_t length);

/* The memory is about to be unmapped: returns when nobody works on it any more. */
void release_forget(const void *memory, size_t length);

#endif
