/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stack that could not be unwound yet, because rows are missing: it is sent to the collector,
 * which unwinds it when it has read them. Until then a chain without frames stands for it.
 */
#ifndef MIGPOP_SHARED_RAW_STACK_H
#define MIGPOP_SHARED_RAW_STACK_H

#include "shared/types.h"

enum { RAW_STACK_BYTES = 8192, RAW_STACK_WORDS = RAW_STACK_BYTES / 8 };

/* At most so many stacks of one process are kept at a time. */
enum { RAW_STACKS_PER_PROCESS = 512 };

/* Only words that can take part in a chain are kept: code addresses, and pointers into this part of
 * the stack. */
struct raw_stack {
	u32 tgid;
	s32 chain; /* the number of the chain that stands for it */
	u64 ip, sp, bp, lr;
	u32 exact;                      /* "ip" is no return address */
	u32 exec;                       /* as in struct mapping_change */
	u32 size;                       /* bytes, from "sp" on, aligned downwards */
	u32 nr_kept;                    /* words */
	u64 set[RAW_STACK_WORDS / 64];  /* one bit for each word: the word is not 0 */
	u64 kept[RAW_STACK_WORDS / 64]; /* one bit for each word: it is the next of "words" */
	u64 words[RAW_STACK_WORDS];
};

/* What is known of the chain that stands for a stack. */
struct raw_chain {
	u32 tgid;
	u32 sent; /* the stack has gone to the collector */
};

_Static_assert(sizeof(struct raw_stack) == 312 + RAW_STACK_BYTES, "no padding");

#endif
