/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call site as a stack of names, outermost first: the process, the reason if its chain ends
 * early, the frames, and the system call or kernel worker that they led to. It must not know which
 * format the names are for.
 */
#ifndef MIGPOP_OUTPUT_STACK_H
#define MIGPOP_OUTPUT_STACK_H

#include "output/format.h"
#include "record.h"

#include <stdbool.h>
#include <stddef.h>

/* How many names the stack of "c" has: at least 2. */
size_t stack__depth(const struct record_callsite *c);
/* Appends the i-th name of the stack to "t"; "i" is below stack__depth(). */
void stack__add_name(struct format_text *t, const struct record *r, const struct record_callsite *c,
		     size_t i);

/* Append those names that are not frames. The first two return false, and append nothing, if the
 * call site has no such name. */
bool stack__add_chain_end(struct format_text *t, const struct record_callsite *c);
bool stack__add_origin(struct format_text *t, const struct record_callsite *c);
void stack__add_process(struct format_text *t, const struct record *r, uint32_t pid);

#endif
