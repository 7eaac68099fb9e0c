// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names the frames of a record, one chain after the other.
 */
#include "symbol/chains.h"

#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "shared/chain.h"
#include "symbol/resolve.h"

/* A handler of a signal returns to the trampoline, which nothing has called: the frame below it is
 * what the signal interrupted. */
static bool is_trampoline(const struct record_frames *raw, size_t i)
{
	return i + 1 < raw->n && !raw->v[i + 1].is_return;
}

/* Call frame information that is wrong without contradicting itself leads to words of the stack
 * that are no return addresses: drop the frames from the first such one on. */
static void cut(struct resolver *resolver, pid_t pid, struct record_frames *raw, const char **end)
{
	for (size_t i = 1; i < raw->n; i++) {
		if (!raw->v[i].is_return || is_trampoline(raw, i) ||
		    resolver__is_return(resolver, pid, raw->v[i].offset))
			continue;
		raw->n = i;
		if (!*end || strcmp(*end, chain_end__name(CHAIN_NO_MAPPING)))
			*end = chain_end__name(CHAIN_NOT_A_RETURN);
		return;
	}
}

static int name(struct resolver *resolver, pid_t pid, struct record_frames *frames,
		const char **end)
{
	struct record_frames raw = *frames;
	int err = 0;

	*frames = (struct record_frames){0};
	cut(resolver, pid, &raw, end);
	for (size_t i = 0; i < raw.n && !err; i++)
		err = resolver__resolve(resolver, pid, raw.v[i].offset, raw.v[i].is_return, frames);
	free(raw.v); /* addresses own no strings */
	return err;
}

int chains__name(struct record *r, struct resolver *resolver)
{
	int err = 0;

	for (size_t i = 0; i < r->nr_callsites && !err; i++) {
		struct record_callsite *c = &r->callsites[i];

		err = name(resolver, (pid_t)c->pid, &c->frames, &c->chain_end);
	}
	for (size_t i = 0; i < r->nr_advice && !err; i++) {
		struct record_advice *a = &r->advice[i];

		err = name(resolver, (pid_t)a->pid, &a->frames, &a->chain_end);
	}
	return err;
}
