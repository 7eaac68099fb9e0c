/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Call chains: what one is, how one ends, and how the numbers of chains stand for those that are
 * missing. Knows nothing of how chains are found.
 */
#ifndef MIGPOP_SHARED_CHAIN_H
#define MIGPOP_SHARED_CHAIN_H

#include "shared/types.h"

/* How call chains are found. */
enum stack_kind { STACK_NONE, STACK_FP, STACK_CFI };

/* How a call chain ended. All but the first are early ends. */
enum chain_end {
	CHAIN_COMPLETE,         /* at the start of a thread or coroutine */
	CHAIN_TRUNCATED,        /* at CHAIN_FRAMES_MAX frames */
	CHAIN_NO_MAPPING,       /* in no mapping that is known: in a new one, or in garbage */
	CHAIN_NO_CFI,           /* in code without call frame information */
	CHAIN_JIT,              /* in code made at run time: QEMU's TCG */
	CHAIN_DAMAGED,          /* in a file whose call frame information cannot be trusted */
	CHAIN_UNSUPPORTED_RULE, /* at a rule that no row can hold */
	CHAIN_REGISTER,         /* where a register is needed that was not saved */
	CHAIN_MEMORY,           /* where the stack could not be read: it is paged out */
	CHAIN_STACK_POINTER,    /* where the stack would not shrink, or is misaligned */
	CHAIN_STALE_MAPPING,    /* in a mapping that was just unmapped */
	CHAIN_32BIT,            /* in a task in 32-bit mode */
	CHAIN_NO_ROOM,          /* in a file for whose rows there was no room */
	CHAIN_NOT_A_RETURN,     /* before a frame that no call returns to; the collector sees it */
	CHAIN_NO_MAPPING_ROOM,  /* in a process for whose mappings there was no room */
	CHAIN_NOT_KEPT,         /* the table of chains had no room for it: see STACK_NOT_KEPT */
	CHAIN_UNREADABLE_FILE,  /* in a file that could not be opened, or read */
	NR_CHAIN_ENDS,
	CHAIN_END_UNKNOWN = NR_CHAIN_ENDS, /* frame pointers do not tell */
};

/* The end of a chain that reached a file whose rows have not been read yet. The chain stands for a
 * stack that was kept (struct raw_stack), and no record shows this end. */
enum { CHAIN_UNREAD = 32 };

/* Values of a key's "stack" that are no numbers of chains. */
enum {
	STACK_NOT_TAKEN = -1, /* nobody asked for a chain */
	STACK_NOT_KEPT = -2,  /* there was no room for the chain, or it could not be found */
};

enum { CHAIN_FRAMES_MAX = 127 };

/* A call chain, innermost first: the PC of user mode, then return addresses. */
struct chain {
	u64 hash;
	u32 n;
	u32 end;         /* enum chain_end */
	u64 frames[128]; /* CHAIN_FRAMES_MAX are used; a power of two, so that a mask bounds it */
};

/* Set in a frame that is no return address: what a signal interrupted. */
#define CHAIN_FRAME_EXACT (1ULL << 63)

/* Says that the mappings of a process have changed; sent to the collector. */
struct mapping_change {
	u32 tgid;
	u32 exec; /* which program of the process: each execve() makes another number */
};

_Static_assert(sizeof(struct chain) == 1040, "no padding");

#endif
