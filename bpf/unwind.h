/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From user registers to the call chain, by rows of call frame information. The same source runs in
 * the kernel and in user-space tests: whoever includes it defines the three functions declared at
 * the top. Knows neither maps nor tasks.
 *
 * All state is in struct unwind, in a map's value: with state on its stack the verifier of 6.1 to
 * 6.18 follows every path of every frame and gives up.
 */
#ifndef MIGPOP_UNWIND_H
#define MIGPOP_UNWIND_H

#include "migpop.h"

enum {
	UNWIND_WINDOW = 4096, /* bytes of stack kept, */
	UNWIND_READ =
		1024, /* and read at once: one read of 1 KiB costs as much as two of 8 bytes */
	UNWIND_WORDS_MAX = 64,
	UNWIND_ROW_STEPS = 22, /* bisection of up to 4 million rows, */
	UNWIND_MAPPING_STEPS = 16,
};

/* Addresses of users end below; beyond them the kernel refuses to read without trying. */
#ifdef MIGPOP_ARM64
#define UNWIND_ADDRESS_MAX (1ULL << 48)
#else
#define UNWIND_ADDRESS_MAX (1ULL << 47)
#endif

/* Is a return address in a register, until it is saved? */
#ifdef MIGPOP_ARM64
enum { UNWIND_HAS_LR = 1 };
#else
enum { UNWIND_HAS_LR = 0 };
#endif

/* A word of the stack that the chain rests on. */
struct unwind_word {
	u64 value;
	u64 at; /* bytes above the stack pointer of the start, aligned */
};

enum bp_source {
	BP_REGISTER, /* the register's value at the start, */
	BP_VALUE,    /* known, */
	BP_MEMORY,   /* in the word at bp_at, not read yet: most are never needed, */
	BP_LOST,     /* not to be had */
};

struct unwind {
	u64 ip, sp, bp; /* of the frame at hand */
	u64 bp_at;
	u64 start_ip, start_sp, start_bp;
	u64 lr, start_lr;
	u64 base;      /* the stack pointer of the start, aligned to words */
	u64 window_at; /* address of window[0] */
	u32 window_len;
	u32 bp_source;
	u32 exact; /* ip is no return address */
	u32 start_exact;
	u32 uses_bp; /* the chain depends on start_bp */
	u32 uses_lr;
	u32 has_lr;  /* "lr" is that of the frame at hand */
	u32 signals; /* frames of signal handlers passed */
	u32 nr_words;
	u32 first_mapping, nr_mappings;
	u32 found; /* index that the last bisection came to */
	u32 end;
	u32 failed_reads; /* of the stack */
	struct unwind_word words[UNWIND_WORDS_MAX];
	struct chain chain;
	u64 window[UNWIND_WINDOW / 8];
};

#ifdef __BPF__
#define UNWIND_INLINE   static __always_inline
#define unwind__hide(x) asm volatile("" : "+r"(x)) /* keeps clang from making branches of it */
#else
#define UNWIND_INLINE   static inline
#define unwind__hide(x) ((void)0)
#endif

/* An index that the verifier sees to be within the mask, whatever clang knows of it. */
UNWIND_INLINE u64 unwind__index(u64 i, u64 mask)
{
	unwind__hide(i);
	return i & mask;
}

/* NULL where there is none; 0 when all was read. */
UNWIND_INLINE const struct unwind_mapping *unwind__mapping(u32 i);
UNWIND_INLINE const struct unwind_row *unwind__row(u32 i);
UNWIND_INLINE long unwind__read_user(void *to, u32 size, u64 from);

/* Does a chain that ends so end where what the process executes is not known yet, but may be soon?
 */
UNWIND_INLINE bool unwind__is_early(u32 end)
{
	return end == CHAIN_UNREAD || end == CHAIN_NO_MAPPING || end == CHAIN_STALE_MAPPING;
}

UNWIND_INLINE bool unwind__end(struct unwind *u, u32 end)
{
	u->end = end;
	return true;
}

/* Reads more of the stack, from "at" on: what is left of the page where the next is not to be had.
 */
UNWIND_INLINE bool unwind__refill(struct unwind *u, u64 at)
{
	u32 len = -at & 4095;

	u->window_at = at;
	u->window_len = 0;
	if (at > UNWIND_ADDRESS_MAX - UNWIND_READ)
		return false;
	if (!unwind__read_user(u->window, UNWIND_READ, at)) {
		u->window_len = UNWIND_READ;
		return true;
	}
	u->failed_reads++;
	if (!len || len >= UNWIND_READ)
		return false;
	len &= UNWIND_READ - 1;
	if (unwind__read_user(u->window, len, at)) {
		u->failed_reads++;
		return false;
	}
	u->window_len = len;
	return true;
}

/* The word of the stack at "at", which the chain rests on from now on. */
UNWIND_INLINE bool unwind__word(struct unwind *u, u64 at, u64 *value)
{
	u64 offset = at - u->window_at;
	u32 n = u->nr_words;

	if (at & 7)
		return !unwind__end(u, CHAIN_STACK_POINTER);
	if (offset >= u->window_len) {
		if (!unwind__refill(u, at))
			return !unwind__end(u, CHAIN_MEMORY);
		offset = 0;
	}
	*value = u->window[unwind__index(offset / 8, UNWIND_WINDOW / 8 - 1)];
	u->nr_words = n + 1;
	if (n < UNWIND_WORDS_MAX) {
		struct unwind_word *word = &u->words[unwind__index(n, UNWIND_WORDS_MAX - 1)];

		word->value = *value;
		word->at = at - u->base;
	}
	return true;
}

/* The value of rbp, where it is needed. */
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

/* Bisections take the upper half by arithmetic: one path for the verifier to follow. Each leaves
 * the last element that begins at or below "at" in u->found, false if there is none. */
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

/* Is "pc", which no row covers, the byte before a function? Then a return address to that
 * function's first byte was put there by hand: makecontext() begins the stacks of coroutines so. */
UNWIND_INLINE bool unwind__is_before_function(const struct unwind *u, u32 pc)
{
	const struct unwind_row *next = unwind__row(u->found + 1);

	return !u->exact && next && next->pc == pc + 1 && UNWIND_KIND(next->rule) != UNWIND_NONE;
}

/* The rule for the frame at hand; false if the chain ends for the want of one. */
UNWIND_INLINE bool unwind__rule(struct unwind *u, u32 *rule)
{
	u64 pc = u->ip - !u->exact; /* a return address can be the first of the next function */
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

#ifdef MIGPOP_ARM64

/* The canonical frame address by "rule"; false if the chain ends. */
UNWIND_INLINE bool unwind__cfa(struct unwind *u, u32 rule, u64 *cfa)
{
	u64 value = u->sp;

	switch (UNWIND_KIND(rule)) {
	case UNWIND_BP:
		if (!unwind__bp(u, &value))
			return false;
		break;
	case UNWIND_SP:
		break;
	case UNWIND_END:
		return !unwind__end(u, CHAIN_COMPLETE);
	case UNWIND_NONE:
		return !unwind__end(u, CHAIN_NO_CFI);
	default:
		return !unwind__end(u, CHAIN_UNSUPPORTED_RULE);
	}
	*cfa = value + (u64)UNWIND_OFFSET(rule) * 16;
	return true;
}

/* A function that calls none may leave its frame empty: its return address is in x30 then. */
UNWIND_INLINE bool unwind__grows(const struct unwind *u, u32 rule, u64 cfa)
{
	return cfa > u->sp || (cfa == u->sp && !UNWIND_RA_AT(rule));
}

/* Without the signature that programs can give it (PAC): those bits are no part of an address. */
UNWIND_INLINE bool unwind__ra(struct unwind *u, u32 rule, u64 cfa, u64 *ra)
{
	u64 value = u->lr;

	if (UNWIND_RA_AT(rule)) {
		if (!unwind__word(u, cfa - 8 * (u64)UNWIND_RA_AT(rule), &value))
			return false;
	} else if (u->has_lr) {
		u->uses_lr = 1;
	} else {
		return !unwind__end(u, CHAIN_REGISTER);
	}
	*ra = value & (UNWIND_ADDRESS_MAX - 1);
	return true;
}

#else

/* The canonical frame address by "rule"; false if the chain ends. */
UNWIND_INLINE bool unwind__cfa(struct unwind *u, u32 rule, u64 *cfa)
{
	s64 offset = (s64)UNWIND_OFFSET(rule) * 8;
	u32 kind = UNWIND_KIND(rule);
	u64 value = u->sp;

	if (kind == UNWIND_BP || kind == UNWIND_BP_DEREF || kind == UNWIND_BP_DEREF8)
		if (!unwind__bp(u, &value))
			return false;
	switch (kind) {
	case UNWIND_SP:
	case UNWIND_BP:
		*cfa = value + offset;
		return true;
	case UNWIND_SP_DEREF:
	case UNWIND_SP_DEREF8:
	case UNWIND_BP_DEREF:
	case UNWIND_BP_DEREF8:
		if (!unwind__word(u, value + offset, &value))
			return false;
		*cfa = value + (kind == UNWIND_SP_DEREF8 || kind == UNWIND_BP_DEREF8 ? 8 : 0);
		return true;
	case UNWIND_PLT:
		*cfa = value + 8 + ((u->ip & 15) >= (u64)(offset / 8) ? 8 : 0);
		return true;
	case UNWIND_END:
		return !unwind__end(u, CHAIN_COMPLETE);
	case UNWIND_NONE:
		return !unwind__end(u, CHAIN_NO_CFI);
	}
	return !unwind__end(u, CHAIN_UNSUPPORTED_RULE);
}

UNWIND_INLINE bool unwind__grows(const struct unwind *u, u32 rule, u64 cfa)
{
	(void)rule;
	return cfa > u->sp;
}

UNWIND_INLINE bool unwind__ra(struct unwind *u, u32 rule, u64 cfa, u64 *ra)
{
	(void)rule;
	return unwind__word(u, cfa - 8, ra);
}

#endif

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

/* Where the kernel saves registers below a signal handler: struct rt_sigframe, from its restorer on
 * (on x86-64 glibc's CFI of __restore_rt says the same). */
enum {
#ifdef MIGPOP_ARM64
	SIGNAL_BP = 544,
	SIGNAL_LR = 552,
	SIGNAL_SP = 560,
	SIGNAL_IP = 568,
#else
	SIGNAL_BP = 120,
	SIGNAL_SP = 160,
	SIGNAL_IP = 168,
#endif
};

UNWIND_INLINE bool unwind__signal(struct unwind *u)
{
	u64 at = u->sp, ip, sp, bp;

	if (!unwind__word(u, at + SIGNAL_IP, &ip) || !unwind__word(u, at + SIGNAL_SP, &sp) ||
	    !unwind__word(u, at + SIGNAL_BP, &bp))
		return false;
#ifdef MIGPOP_ARM64
	if (!unwind__word(u, at + SIGNAL_LR, &u->lr))
		return false;
	u->has_lr = 1;
#endif
	u->ip = ip;
	u->sp = sp;
	u->bp = bp;
	u->bp_source = BP_VALUE;
	u->exact = 1;
	u->signals++;
	return unwind__push(u, ip | CHAIN_FRAME_EXACT);
}

UNWIND_INLINE bool unwind__caller_bp(struct unwind *u, u32 rule, u64 cfa)
{
	u32 where = UNWIND_BP_AT(rule);
	u64 bp;

	if (where == UNWIND_BP_SAME)
		return true;
#ifdef MIGPOP_ARM64
	(void)bp;
	u->bp_at = cfa - 8 * (u64)(UNWIND_RA_AT(rule) + 1);
	u->bp_source = where == UNWIND_BP_BELOW_RA ? BP_MEMORY : BP_LOST;
#else
	if (where == UNWIND_BP_AT_BP) {
		if (!unwind__bp(u, &bp))
			return false;
		u->bp_at = bp;
		u->bp_source = BP_MEMORY;
	} else if (where == UNWIND_BP_LOST) {
		u->bp_source = BP_LOST;
	} else {
		u->bp_at = cfa - 8 * (u64)where;
		u->bp_source = BP_MEMORY;
	}
#endif
	return true;
}

/* One frame outwards; true when the chain has ended. */
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
	if (!ra) /* stacks of coroutines and threads may begin with it */
		return unwind__end(u, CHAIN_COMPLETE);
	u->ip = ra;
	u->sp = cfa;
	u->exact = 0;
	u->has_lr = 0;
	return !unwind__push(u, ra);
}

/* Begins at the registers of the start; what is in the window stays. */
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
