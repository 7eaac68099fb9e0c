/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names in the stack of a call site. A name that is not a function's stands in brackets, so
 * that it is not taken for a function.
 */
#include "output/stack.h"

#include <string.h>

void stack__add_process(struct format_text *t, const struct record *r, uint32_t pid)
{
	for (size_t i = 0; i < r->nr_target; i++) {
		const char *comm = r->target[i].comm;

		if (r->target[i].pid == pid && comm && comm[0]) {
			format__add_name(t, comm);
			return;
		}
	}
	for (size_t i = 0; i < r->nr_callsites; i++) {
		const struct record_callsite *c = &r->callsites[i];

		if (c->pid == pid && c->comm && c->comm[0]) {
			format__add_name(t, c->comm);
			return;
		}
	}
	format__add(t, "[pid %u]", pid);
}

static bool ends_early(const struct record_callsite *c)
{
	return c->chain_end && strcmp(c->chain_end, "complete") != 0;
}

bool stack__add_chain_end(struct format_text *t, const struct record_callsite *c)
{
	if (ends_early(c))
		format__add(t, "[%s]", c->chain_end);
	return ends_early(c);
}

/* If there is no frame, the origin stands for all of them. */
static bool has_origin(const struct record_callsite *c)
{
	return (c->syscall && c->syscall[0]) || c->context == RECORD_CONTEXT_SYSCALL ||
	       !c->frames.n;
}

bool stack__add_origin(struct format_text *t, const struct record_callsite *c)
{
	if (!has_origin(c))
		return false;
	if (c->syscall && c->syscall[0]) {
		/* "io_uring worker" and "syscall 999" are not names of system calls */
		format__add(t, strchr(c->syscall, ' ') ? "[" : "[syscall:");
		format__add_name(t, c->syscall);
		format__add(t, "]");
	} else {
		format__add(t, c->context == RECORD_CONTEXT_SYSCALL ? "[unknown system call]"
								    : "[unknown]");
	}
	return true;
}

size_t stack__depth(const struct record_callsite *c)
{
	return 1 + ends_early(c) + c->frames.n + has_origin(c);
}

void stack__add_name(struct format_text *t, const struct record *r, const struct record_callsite *c,
		     size_t i)
{
	size_t early = ends_early(c);

	if (i == 0)
		stack__add_process(t, r, c->pid);
	else if (i <= early)
		stack__add_chain_end(t, c);
	else if (i <= early + c->frames.n)
		format__add_frame(t, &c->frames.v[early + c->frames.n - i]);
	else
		stack__add_origin(t, c);
}
