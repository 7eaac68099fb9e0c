// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a chain's number to the frames of a record.
 */
#include <errno.h>
#include <stdlib.h>

#include "collect/books_internal.h"
#include "collect/chains.h"
#include "collect/session.h"
#include "symbol/resolve.h"

static bool is_return(const struct chain *chain, u32 i, bool in_syscall)
{
	return (i || in_syscall) && !(chain->frames[i] & CHAIN_FRAME_EXACT);
}

/* The signal trampoline is returned to by a handler that nothing called: below what the signal
 * interrupted. */
static bool is_trampoline(const struct chain *chain, u32 i)
{
	return i + 1 < chain->n && chain->frames[i + 1] & CHAIN_FRAME_EXACT;
}

/* Call frame information that is wrong without contradicting itself leads to words of the stack
 * that are no return addresses: nothing from the first such frame on is shown. */
static void cut(const struct session *s, pid_t pid, struct chain *chain)
{
	for (u32 i = 1; i < chain->n; i++) {
		if (!is_return(chain, i, true) || is_trampoline(chain, i) ||
		    resolver__is_return(s->resolver, pid, chain->frames[i]))
			continue;
		chain->n = i;
		if (chain->end != CHAIN_NO_MAPPING)
			chain->end = CHAIN_NOT_A_RETURN;
		return;
	}
}

int chains__resolve(const struct session *s, u32 tgid, u64 ip, s32 stack, bool in_syscall,
		    struct record_frames *frames, const char **end)
{
	struct chain chain;
	int err = 0;

	*end = NULL;
	if (stack >= 0 && !tracer__chain(s->tracer, stack, &chain) && chain.n) {
		cut(s, (pid_t)tgid, &chain);
		*end = chain_end__name(chain.end);
	} else {
		*end = stack == STACK_NOT_KEPT ? chain_end__name(CHAIN_NOT_KEPT) : NULL;
		chain.n = ip ? 1 : 0;
		chain.frames[0] = ip;
	}
	for (u32 i = 0; i < chain.n && !err; i++)
		err = resolver__resolve(s->resolver, (pid_t)tgid,
					chain.frames[i] & ~CHAIN_FRAME_EXACT,
					is_return(&chain, i, in_syscall), frames);
	return err;
}

size_t chains__merge(const struct session *s, struct site_row *rows, size_t n)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++)
		rows[i].key.stack = tracer__same_chain(s->tracer, rows[i].key.stack);
	qsort(rows, n, sizeof(*rows), site_key__compare);
	for (size_t i = 1; i < n; i++) {
		if (site_key__compare(&rows[to].key, &rows[i].key))
			rows[++to] = rows[i];
		else
			site__sum(&rows[to].value, &rows[i].value);
	}
	return n ? to + 1 : 0;
}
