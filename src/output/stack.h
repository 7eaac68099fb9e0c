/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call site as a stack of names, outermost first: the process, the reason if its chain ends
 * early, the frames, and the system call or kernel worker that they led to. It must not know which
 * format they are for.
 */
#ifndef MIGPOP_OUTPUT_STACK_H
#define MIGPOP_OUTPUT_STACK_H

#include "output/format.h"
#include "record.h"

#include <stdbool.h>
#include <stddef.h>

/* Names in the stack of @c: 2 at least. */
size_t stack__depth(const struct record_callsite *c);
/* Adds the name at @i below stack__depth() to @t. */
void stack__add_name(struct format_text *t, const struct record *r, const struct record_callsite *c,
		     size_t i);

/* The parts that are no frames. The first two add nothing where they answer false. */
bool stack__add_chain_end(struct format_text *t, const struct record_callsite *c);
bool stack__add_origin(struct format_text *t, const struct record_callsite *c);
void stack__add_process(struct format_text *t, const struct record *r, uint32_t pid);

#endif
