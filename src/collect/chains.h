/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a chain's number to the frames of a record. A chain is only as good as the call frame
 * information that it was found by: what no call can have pushed ends it.
 */
#ifndef MIGPOP_COLLECT_CHAINS_H
#define MIGPOP_COLLECT_CHAINS_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/types.h"

struct record_frames;
struct session;
struct site_row;

/* Frames of what process "tgid" did at "ip": those of chain "stack" where that is not -1, else "ip"
 * alone. "in_syscall": ip is where the system call returns to. *end gets how the chain ended,
 * static; NULL without one. 0 or -ENOMEM. */
int chains__resolve(const struct session *s, u32 tgid, u64 ip, s32 stack, bool in_syscall,
		    struct record_frames *frames, const char **end);

/* Makes one row of those whose chains have turned out to be the same: how many are left of "n". */
size_t chains__merge(const struct session *s, struct site_row *rows, size_t n);

#endif
