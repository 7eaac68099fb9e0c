/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions that replace QEMU's. They take the same arguments, give the same answer and leave
 * the same content, but do not populate pages that were never used.
 */
#ifndef PRELOAD_HOOKS_H
#define PRELOAD_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "migfix.h"
#include "qemu.h"

struct hooks_options {
	bool source, destination;
	enum migfix_policy policy;
	bool handler; /* ram_handle_zero() is replaced, so the loader does not call buffer_is_zero()
		       */
};

void hooks_init(const struct qemu *found, const struct hooks_options *wanted);

bool hooks_buffer_is_zero(const void *buffer, size_t length);
void hooks_ram_handle_zero(void *host, uint64_t size);

#endif
