/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86-64: the steps of the unwinder from one frame to the caller's. shared/unwind.h includes it,
 * between what the steps rest on and what rests on them.
 */
#ifndef MIGPOP_ARCH_X86_64_UNWIND_H
#define MIGPOP_ARCH_X86_64_UNWIND_H

/* Finds the canonical frame address by "rule". False if the chain ends. */
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

/* A caller's frame is above the frame at hand. */
UNWIND_INLINE bool unwind__grows(const struct unwind *u, u32 rule, u64 cfa)
{
	(void)rule;
	return cfa > u->sp;
}

/* Takes the return address. */
UNWIND_INLINE bool unwind__ra(struct unwind *u, u32 rule, u64 cfa, u64 *ra)
{
	(void)rule;
	return unwind__word(u, cfa - 8, ra);
}

/* Notes where the caller's rbp is. It is read only if a frame needs it. */
UNWIND_INLINE bool unwind__caller_bp(struct unwind *u, u32 rule, u64 cfa)
{
	u32 where = UNWIND_BP_AT(rule);
	u64 bp;

	if (where == UNWIND_BP_SAME)
		return true;
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
	return true;
}

/* A signal frame has no other return address than its PC. */
UNWIND_INLINE bool unwind__signal_lr(struct unwind *u, u64 at)
{
	(void)u, (void)at;
	return true;
}

#endif
