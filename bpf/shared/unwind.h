/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From user registers to the call chain, by rows of call frame information. The same source runs in
 * the kernel and in user-space tests: whoever includes it defines the three functions declared at
 * the top. Knows neither maps nor tasks.
 *
 * All state is in struct unwind, in a map's value: with state on its stack the verifier of 6.1 to
 * 6.18 follows every path of every frame and gives up.
 */
#ifndef MIGPOP_SHARED_UNWIND_H
#define MIGPOP_SHARED_UNWIND_H

#include <stdbool.h>

#include "shared/chain.h"
#include "shared/row.h"
#include "shared/types.h"

enum {
	UNWIND_PIECE = 4096, /* so many bytes of the stack are kept */
	UNWIND_READ = 1024, /* so many are read at once: it costs as much as two reads of 8 bytes */
	UNWIND_WORDS_MAX = 64,
	UNWIND_ROW_STEPS = 22,     /* bisect up to 4 million rows */
	UNWIND_MAPPING_STEPS = 16, /* bisect up to 65,536 mappings */
};

/* A word of the stack that the chain rests on: if it changes, the chain may be another. */
struct unwind_word {
	u64 value;
	u64 at; /* bytes above the stack pointer of the start, aligned */
};

/* Where the value of rbp in the frame at hand is. */
enum bp_source {
	BP_REGISTER, /* in "bp", which is still the register's value at the start */
	BP_VALUE,    /* in "bp", read from the stack */
	BP_MEMORY,   /* in the word at "bp_at", which is not read yet: most are never needed */
	BP_LOST,     /* nowhere that a row can say */
};

struct unwind {
	u64 ip, sp, bp; /* of the frame at hand */
	u64 bp_at;
	u64 start_ip, start_sp, start_bp;
	u64 lr, start_lr;
	u64 base;     /* the stack pointer of the start, aligned to words */
	u64 piece_at; /* the address of piece[0] */
	u32 piece_len;
	u32 bp_source; /* enum bp_source */
	u32 exact;     /* "ip" is no return address */
	u32 start_exact;
	u32 uses_bp; /* the chain depends on start_bp */
	u32 uses_lr; /* the chain depends on start_lr */
	u32 has_lr;  /* "lr" is the return address of the frame at hand */
	u32 signals; /* how many frames of signal handlers were passed */
	u32 nr_words;
	u32 first_mapping, nr_mappings;
	u32 found;        /* the index that the last bisection came to */
	u32 end;          /* enum chain_end */
	u32 failed_reads; /* of the stack */
	struct unwind_word words[UNWIND_WORDS_MAX];
	struct chain chain;
	u64 piece[UNWIND_PIECE / 8];
};

#ifdef __BPF__
#define UNWIND_INLINE   static __always_inline
#define unwind__hide(x) asm volatile("" : "+r"(x)) /* keeps clang from making branches of it */
#else
#define UNWIND_INLINE   static inline
#define unwind__hide(x) ((void)0)
#endif

/* Masks an index so that the verifier sees it: clang would drop a mask that it knows to be
 * needless. */
UNWIND_INLINE u64 unwind__index(u64 i, u64 mask)
{
	unwind__hide(i);
	return i & mask;
}

/* Whoever includes this file defines the three. The first two return NULL if there is no such
 * element, the third returns 0 if all bytes were read. */
UNWIND_INLINE const struct unwind_mapping *unwind__mapping(u32 i);
UNWIND_INLINE const struct unwind_row *unwind__row(u32 i);
UNWIND_INLINE long unwind__read_user(void *to, u32 size, u64 from);

/* True if a chain ends so because the collector does not know yet what the process executes there:
 * it may know soon. */
UNWIND_INLINE bool unwind__is_early(u32 end)
{
	return end == CHAIN_UNREAD || end == CHAIN_NO_MAPPING || end == CHAIN_STALE_MAPPING;
}

/* Ends the chain. Always true. */
UNWIND_INLINE bool unwind__end(struct unwind *u, u32 end)
{
	u->end = end;
	return true;
}

/* Reads more of the stack, from "at" on. If the next page cannot be read, reads what is left of
 * this one. */
UNWIND_INLINE bool unwind__refill(struct unwind *u, u64 at)
{
	u32 len = -at & 4095;

	u->piece_at = at;
	u->piece_len = 0;
	if (at > UNWIND_ADDRESS_MAX - UNWIND_READ)
		return false;
	if (!unwind__read_user(u->piece, UNWIND_READ, at)) {
		u->piece_len = UNWIND_READ;
		return true;
	}
	u->failed_reads++;
	if (!len || len >= UNWIND_READ)
		return false;
	len &= UNWIND_READ - 1;
	if (unwind__read_user(u->piece, len, at)) {
		u->failed_reads++;
		return false;
	}
	u->piece_len = len;
	return true;
}

/* Takes the word of the stack at "at". The chain rests on it from now on. */
UNWIND_INLINE bool unwind__word(struct unwind *u, u64 at, u64 *value)
{
	u64 offset = at - u->piece_at;
	u32 n = u->nr_words;

	if (at & 7)
		return !unwind__end(u, CHAIN_STACK_POINTER);
	if (offset >= u->piece_len) {
		if (!unwind__refill(u, at))
			return !unwind__end(u, CHAIN_MEMORY);
		offset = 0;
	}
	*value = u->piece[unwind__index(offset / 8, UNWIND_PIECE / 8 - 1)];
	u->nr_words = n + 1;
	if (n < UNWIND_WORDS_MAX) {
		struct unwind_word *word = &u->words[unwind__index(n, UNWIND_WORDS_MAX - 1)];

		word->value = *value;
		word->at = at - u->base;
	}
	return true;
}

/* Takes the value of rbp, for a frame that needs it. */
UNWIND_INLINE bool unwind__bp(struct unwind *u, u64 *bp)
{
	u64 value;

	switch (u->bp_source) {
	case BP_REGISTER:
		u->uses_bp = 1;
		break;
	case BP_MEMORY:
		if (!unwind__word(u, u->bp_at, &value))
			return false;
		u->bp = value;
		u->bp_source = BP_VALUE;
		break;
	case BP_LOST:
		return !unwind__end(u, CHAIN_REGISTER);
	}
	*bp = u->bp;
	return true;
}

/* Bisections take the upper half by arithmetic, so that the verifier has one path to follow. Each
 * leaves in u->found the last element that begins at or below the address, and returns false if
 * there is none. */
UNWIND_INLINE bool unwind__find_mapping(struct unwind *u, u64 at)
{
	u32 low = u->first_mapping, len = u->nr_mappings;
	const struct unwind_mapping *m;

	if (!len)
		return false;
	for (u32 i = 0; i < UNWIND_MAPPING_STEPS; i++) {
		u32 half = len / 2, take;

		if (!half)
			break;
		m = unwind__mapping(low + half);
		if (!m)
			return false;
		take = (u32)((m->start - (at + 1)) >> 63); /* addresses of users lack bit 63 */
		unwind__hide(take);
		low += half & -take;
		len -= half;
	}
	u->found = low;
	m = unwind__mapping(low);
	return m && at >= m->start && at < m->end;
}

UNWIND_INLINE bool unwind__find_row(struct unwind *u, u32 first, u32 len, u32 pc)
{
	const struct unwind_row *row;

	for (u32 i = 0; i < UNWIND_ROW_STEPS; i++) {
		u32 half = len / 2, take;

		if (!half)
			break;
		row = unwind__row(first + half);
		if (!row)
			return false;
		take = (u32)(((u64)row->pc - ((u64)pc + 1)) >> 63);
		unwind__hide(take);
		first += half & -take;
		len -= half;
	}
	u->found = first;
	row = unwind__row(first);
	return row && row->pc <= pc;
}

/* True if "pc", which no row covers, is the byte before a function. The return address is that
 * function's first byte then, which no call leaves: makecontext() begins the stacks of coroutines
 * so. */
UNWIND_INLINE bool unwind__is_before_function(const struct unwind *u, u32 pc)
{
	const struct unwind_row *next = unwind__row(u->found + 1);

	return !u->exact && next && next->pc == pc + 1 && UNWIND_KIND(next->rule) != UNWIND_NONE;
}

/* Finds the rule for the frame at hand. False if there is none: the chain ends. */
UNWIND_INLINE bool unwind__rule(struct unwind *u, u32 *rule)
{
	/* A return address can be the first address of the next function. */
	u64 pc = u->ip - !u->exact;
	const struct unwind_mapping *m;
	const struct unwind_row *row;

	if (!unwind__find_mapping(u, pc))
		return !unwind__end(u, CHAIN_NO_MAPPING);
	m = unwind__mapping(u->found);
	if (!m)
		return !unwind__end(u, CHAIN_NO_MAPPING);
	if (!m->nr_rows)
		return !unwind__end(u, m->first_row);
	if (!unwind__find_row(u, m->first_row, m->nr_rows, (u32)(pc - m->base)))
		return !unwind__end(u, CHAIN_NO_CFI);
	row = unwind__row(u->found);
	if (!row)
		return !unwind__end(u, CHAIN_NO_CFI);
	*rule = row->rule;
	if (UNWIND_KIND(*rule) == UNWIND_NONE && unwind__is_before_function(u, (u32)(pc - m->base)))
		*rule = UNWIND_RULE(UNWIND_END, 0, 0);
	return true;
}

#include ARCH_UNWIND_H

UNWIND_INLINE void chain__hash(struct chain *chain, u64 frame)
{
	chain->hash = (chain->hash ^ frame) * 0x9e3779b97f4a7c15ULL;
	chain->hash ^= chain->hash >> 29;
}

UNWIND_INLINE bool unwind__push(struct unwind *u, u64 frame)
{
	u32 n = u->chain.n;

	if (n >= CHAIN_FRAMES_MAX)
		return !unwind__end(u, CHAIN_TRUNCATED);
	u->chain.frames[unwind__index(n, 127)] = frame;
	u->chain.n = n + 1;
	chain__hash(&u->chain, frame);
	return true;
}

/* Goes from a signal handler's frame to what the signal interrupted. */
UNWIND_INLINE bool unwind__signal(struct unwind *u)
{
	u64 at = u->sp, ip, sp, bp;

	if (!unwind__word(u, at + SIGNAL_IP, &ip) || !unwind__word(u, at + SIGNAL_SP, &sp) ||
	    !unwind__word(u, at + SIGNAL_BP, &bp))
		return false;
	if (!unwind__signal_lr(u, at))
		return false;
	u->ip = ip;
	u->sp = sp;
	u->bp = bp;
	u->bp_source = BP_VALUE;
	u->exact = 1;
	u->signals++;
	return unwind__push(u, ip | CHAIN_FRAME_EXACT);
}

/* Goes one frame outwards. True if the chain has ended. */
UNWIND_INLINE bool unwind__step(struct unwind *u)
{
	u64 cfa, ra;
	u32 rule;

	if (!unwind__rule(u, &rule))
		return true;
	if (UNWIND_KIND(rule) == UNWIND_SIGNAL)
		return !unwind__signal(u);
	if (!unwind__cfa(u, rule, &cfa))
		return true;
	if (!unwind__grows(u, rule, cfa))
		return unwind__end(u, CHAIN_STACK_POINTER);
	if (!unwind__ra(u, rule, cfa, &ra) || !unwind__caller_bp(u, rule, cfa))
		return true;
	if (!ra) /* stacks of coroutines and of threads may begin with 0 */
		return unwind__end(u, CHAIN_COMPLETE);
	u->ip = ra;
	u->sp = cfa;
	u->exact = 0;
	u->has_lr = 0;
	return !unwind__push(u, ra);
}

/* Begins at the registers of the start. What was read of the stack stays in u->piece. */
UNWIND_INLINE void unwind__begin(struct unwind *u)
{
	u->ip = u->start_ip;
	u->sp = u->start_sp;
	u->bp = u->start_bp;
	u->exact = u->start_exact;
	u->bp_source = BP_REGISTER;
	u->uses_bp = 0;
	u->lr = u->start_lr;
	u->has_lr = UNWIND_HAS_LR;
	u->uses_lr = 0;
	u->signals = 0;
	u->nr_words = 0;
	u->end = CHAIN_TRUNCATED;
	u->chain.hash = 0;
	u->chain.n = 0;
	unwind__push(u, u->start_ip);
}

#endif
