/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is a buffer zero, exactly and as fast as QEMU's own buffer_is_zero() tells: it stands in for that
 * function, so it must know nothing of guest memory. One file an architecture implements it.
 */
#ifndef PRELOAD_ZERO_H
#define PRELOAD_ZERO_H

#include <stdbool.h>
#include <stddef.h>

/* Chooses among the processor's instructions; before that those that every processor has. */
void zero_init(void);

/* Every byte of it is read, unless one is not zero. 0 bytes are zero. */
bool zero_buffer(const void *buffer, size_t length);

#endif
