/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables that the unwinder searches: rows of call frame information, and the executable
 * mappings of processes. The collector fills them, the programs read them.
 */
#ifndef MIGPOP_SHARED_ROW_H
#define MIGPOP_SHARED_ROW_H

#include "shared/types.h"

/* One row: how to find the caller's frame for PCs from "pc" up to the next row's. A row has eight
 * bytes, since a QEMU and its libraries have 650,000 rows. */
struct unwind_row {
	u32 pc;   /* from the module's lowest loaded address (ELF virtual addresses) */
	u32 rule; /* bits 0-3 are an enum unwind_kind; arch/ says what the others are */
};

/* How to find the CFA: the canonical frame address, which is the caller's stack pointer. "rsp" and
 * "rbp" stand for sp and x29 on arm64. On x86-64 the return address is in the word below the CFA;
 * on arm64 it is where the row says. */
enum unwind_kind {
	UNWIND_NONE,      /* no CFI covers these PCs */
	UNWIND_END,       /* the return address is undefined: the outermost frame */
	UNWIND_SP,        /* CFA = rsp + offset */
	UNWIND_BP,        /* CFA = rbp + offset */
	UNWIND_SP_DEREF,  /* CFA = *(rsp + offset) */
	UNWIND_SP_DEREF8, /* CFA = *(rsp + offset) + 8: assembly of OpenSSL */
	UNWIND_BP_DEREF,  /* CFA = *(rbp + offset): functions that realign their stack */
	UNWIND_BP_DEREF8, /* CFA = *(rbp + offset) + 8 */
	UNWIND_PLT,       /* CFA = rsp + 8, and 8 more where (PC & 15) >= offset: a PLT stub */
	UNWIND_SIGNAL,    /* the signal frame at rsp holds rsp, rbp and PC of what it interrupted */
	UNWIND_UNSUPPORTED,
};

/* An executable mapping of a process. Its rows are rows[first_row] and those after it. A mapping
 * without rows has in "first_row" the enum chain_end of chains that reach it. */
struct unwind_mapping {
	u64 start, end;
	u64 base; /* the address of what rows call PC 0 */
	u32 first_row, nr_rows;
};

/* The executable mappings of a process: mappings[first] and those after it, by address. */
struct unwind_process {
	u32 first, n;
};

_Static_assert(sizeof(struct unwind_row) == 8, "no padding");
_Static_assert(sizeof(struct unwind_mapping) == 32, "no padding");

#include "arch/arch.h"

#endif
