/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells whether memory is zero. Knows nothing of regions. */
#ifndef MIGFIX_BUFFER_H
#define MIGFIX_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

bool mfx_buffer_is_zero(const void *memory, size_t len);

#endif
