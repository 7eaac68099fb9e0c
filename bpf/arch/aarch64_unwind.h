/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arm64: the steps of the unwinder from one frame to the caller's. shared/unwind.h includes it,
 * between what the steps rest on and what rests on them.
 */
#ifndef MIGPOP_ARCH_AARCH64_UNWIND_H
#define MIGPOP_ARCH_AARCH64_UNWIND_H

/* Finds the canonical frame address by "rule". False if the chain ends. */
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

/* A caller's frame is above the frame at hand. A function that calls none may have an empty frame:
 * its return address is in x30 then. */
UNWIND_INLINE bool unwind__grows(const struct unwind *u, u32 rule, u64 cfa)
{
	return cfa > u->sp || (cfa == u->sp && !UNWIND_RA_AT(rule));
}

/* Takes the return address, without the signature (PAC) that programs can put into bits that are no
 * part of an address. */
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

/* Notes where the caller's x29 is. It is read only if a frame needs it. */
UNWIND_INLINE bool unwind__caller_bp(struct unwind *u, u32 rule, u64 cfa)
{
	u32 where = UNWIND_BP_AT(rule);

	if (where == UNWIND_BP_SAME)
		return true;
	u->bp_at = cfa - 8 * (u64)(UNWIND_RA_AT(rule) + 1);
	u->bp_source = where == UNWIND_BP_BELOW_RA ? BP_MEMORY : BP_LOST;
	return true;
}

/* What a signal interrupted may not have saved its return address. */
UNWIND_INLINE bool unwind__signal_lr(struct unwind *u, u64 at)
{
	if (!unwind__word(u, at + SIGNAL_LR, &u->lr))
		return false;
	u->has_lr = 1;
	return true;
}

#endif
