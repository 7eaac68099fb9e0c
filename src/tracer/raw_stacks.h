/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stacks that could not be unwound in the kernel since rows of call frame information were not read
 * yet, and the same unwinder for them here. Knows nothing of BPF maps.
 */
#ifndef MIGPOP_TRACER_RAW_STACKS_H
#define MIGPOP_TRACER_RAW_STACKS_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/chain.h"
#include "shared/raw_stack.h"
#include "shared/row.h"
#include "shared/types.h"

struct raw_stacks;

/* What a process executes: its mappings by address, and the rows that they point into. */
struct raw_code {
	const struct unwind_mapping *mappings;
	size_t nr_mappings;
	const struct unwind_row *rows;
	size_t nr_rows;
};

/* NULL without memory. */
struct raw_stacks *raw_stacks__new(void);
void raw_stacks__free(struct raw_stacks *r);

/* Takes a copy of a stack of "size" bytes, header included. Without memory, or room, its chain
 * stays what it is. */
void raw_stacks__keep(struct raw_stacks *r, const struct raw_stack *stack, size_t size);

/* A process of which stacks came that have not been tried yet; 0 if there is none. */
u32 raw_stacks__fresh(const struct raw_stacks *r);

/* All count as not tried again. */
void raw_stacks__retry(struct raw_stacks *r);

bool raw_stacks__any(const struct raw_stacks *r, u32 tgid);

/* Unwinds the stacks of a process that are of its program "exec" (of_exec), or of those before it,
 * and calls "unwound" with the chain of each (its number, and the chain; valid during the call).
 * What ended for the want of mappings or rows is kept for another time, but where it is of a
 * program before. */
typedef void raw_unwound_fn(s32 number, const struct chain *chain, void *data);
void raw_stacks__unwind(struct raw_stacks *r, u32 tgid, u32 exec, bool of_exec,
			const struct raw_code *code, raw_unwound_fn *unwound, void *data);

/* The program of the process that its last stack was of; 0 if it has none. */
u32 raw_stacks__exec(const struct raw_stacks *r, u32 tgid);

/* The process is gone, or of no interest any more. */
void raw_stacks__forget(struct raw_stacks *r, u32 tgid);

/* Calls "visit" with the number of each chain that stands for a stack. */
void raw_stacks__each_number(const struct raw_stacks *r, void (*visit)(s32 number, void *data),
			     void *data);

#endif
