/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tells whether a buffer is zero, exactly and as fast as QEMU's own buffer_is_zero(), which it
 * replaces. So it must know nothing of guest memory. Each architecture has a file that implements
 * it.
 */
#ifndef PRELOAD_ZERO_H
#define PRELOAD_ZERO_H

#include <stdbool.h>
#include <stddef.h>

/* Chooses the fastest instructions that the processor has. Before this call, instructions that
 * every processor of the architecture has are used. */
void zero_init(void);

/* True if all bytes are zero. Reads every byte, unless it finds one that is not zero. An empty
 * buffer is zero. */
bool zero_buffer(const void *buffer, size_t length);

#endif
