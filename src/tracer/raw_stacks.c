// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stacks that are unwound after the event: kept until the rows are there.
 */
#include <stdlib.h>
#include <string.h>

#include "shared/unwind.h"
#include "tracer/raw_stacks.h"

/* A process has no more than RAW_STACKS_PER_PROCESS at a time; all of them together: */
enum { KEPT_BYTES_MAX = 64 << 20 };

struct kept {
	struct raw_stack *stack; /* without room for words that it does not have */
	bool tried;
};

struct raw_stacks {
	struct kept *v;
	size_t n, bytes;
};

/* What the unwinder is at: its source knows of no arguments. */
static const struct raw_code *at_code;
static const struct raw_stack *at_stack;
static u64 at_words[RAW_STACK_WORDS];

/* A word that is not 0 and was not kept: no address of anything. */
enum { POISON = 1 };

UNWIND_INLINE const struct unwind_mapping *unwind__mapping(u32 i)
{
	return i < at_code->nr_mappings ? &at_code->mappings[i] : NULL;
}

UNWIND_INLINE const struct unwind_row *unwind__row(u32 i)
{
	return i < at_code->nr_rows ? &at_code->rows[i] : NULL;
}

UNWIND_INLINE long unwind__read_user(void *to, u32 size, u64 from)
{
	u64 offset = from - (at_stack->sp & ~7ULL);

	if (offset > at_stack->size || size > at_stack->size - offset)
		return -1;
	memcpy(to, (const char *)at_words + offset, size);
	return 0;
}

struct raw_stacks *raw_stacks__new(void)
{
	return calloc(1, sizeof(struct raw_stacks));
}

void raw_stacks__free(struct raw_stacks *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].stack);
	free(r->v);
	free(r);
}

static size_t stack__size(const struct raw_stack *stack)
{
	return offsetof(struct raw_stack, words) + stack->nr_kept * sizeof(*stack->words);
}

void raw_stacks__keep(struct raw_stacks *r, const struct raw_stack *stack, size_t size)
{
	struct raw_stack *copy;
	struct kept *more;

	if (size < offsetof(struct raw_stack, words) || stack->size > RAW_STACK_BYTES ||
	    stack->nr_kept > RAW_STACK_WORDS || size < stack__size(stack) ||
	    r->bytes + size > KEPT_BYTES_MAX)
		return;
	size = stack__size(stack);
	more = reallocarray(r->v, r->n + 1, sizeof(*more));
	if (!more)
		return;
	r->v = more;
	copy = malloc(size);
	if (!copy)
		return;
	memcpy(copy, stack, size);
	more[r->n++] = (struct kept){.stack = copy};
	r->bytes += size;
}

static void drop(struct raw_stacks *r, size_t i)
{
	r->bytes -= stack__size(r->v[i].stack);
	free(r->v[i].stack);
	r->v[i] = r->v[--r->n];
}

u32 raw_stacks__fresh(const struct raw_stacks *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (!r->v[i].tried)
			return r->v[i].stack->tgid;
	return 0;
}

void raw_stacks__retry(struct raw_stacks *r)
{
	for (size_t i = 0; i < r->n; i++)
		r->v[i].tried = false;
}

bool raw_stacks__any(const struct raw_stacks *r, u32 tgid)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].stack->tgid == tgid)
			return true;
	return false;
}

u32 raw_stacks__exec(const struct raw_stacks *r, u32 tgid)
{
	for (size_t i = r->n; i > 0; i--)
		if (r->v[i - 1].stack->tgid == tgid)
			return r->v[i - 1].stack->exec;
	return 0;
}

static bool has_bit(const u64 *bits, u32 i)
{
	return bits[i / 64] >> (i % 64) & 1;
}

/* The stack as it was, as far as that matters. */
static void lay_out(const struct raw_stack *stack)
{
	u32 k = 0;

	for (u32 i = 0; i < RAW_STACK_WORDS; i++)
		at_words[i] = has_bit(stack->kept, i) && k < stack->nr_kept ? stack->words[k++]
			      : has_bit(stack->set, i)                      ? POISON
									    : 0;
}

static void unwind(struct unwind *u, const struct raw_stack *stack, const struct raw_code *code)
{
	at_stack = stack;
	at_code = code;
	lay_out(stack);
	memset(u, 0, sizeof(*u));
	u->start_ip = stack->ip;
	u->start_sp = stack->sp;
	u->start_bp = stack->bp;
	u->start_lr = stack->lr;
	u->start_exact = stack->exact;
	u->base = stack->sp & ~7ULL;
	u->nr_mappings = (u32)code->nr_mappings;
	unwind__begin(u);
	while (!unwind__step(u))
		;
	u->chain.end = u->end == CHAIN_UNREAD ? CHAIN_NO_MAPPING : u->end;
}

void raw_stacks__unwind(struct raw_stacks *r, u32 tgid, u32 exec, bool of_exec,
			const struct raw_code *code, raw_unwound_fn *unwound, void *data)
{
	static struct unwind u;

	for (size_t i = r->n; i > 0; i--) {
		struct kept *k = &r->v[i - 1];

		if (k->stack->tgid != tgid || (k->stack->exec == exec) != of_exec)
			continue;
		k->tried = true;
		unwind(&u, k->stack, code);
		unwound(k->stack->chain, &u.chain, data);
		if (!of_exec || !unwind__is_early(u.end))
			drop(r, i - 1);
	}
}

void raw_stacks__forget(struct raw_stacks *r, u32 tgid)
{
	for (size_t i = r->n; i > 0; i--)
		if (r->v[i - 1].stack->tgid == tgid)
			drop(r, i - 1);
}

void raw_stacks__each_number(const struct raw_stacks *r, void (*visit)(s32 number, void *data),
			     void *data)
{
	for (size_t i = 0; i < r->n; i++)
		visit(r->v[i].stack->chain, data);
}
