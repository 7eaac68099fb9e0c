// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Turns the DWARF rules for one PC into one word of a row, on arm64. Rules that the kernel side
 * could not follow exactly become UNWIND_UNSUPPORTED, never an approximation.
 */
#include "migpop.h"
#include "symbol/cfi_program.h"

static const uint32_t unsupported = UNWIND_RULE(UNWIND_UNSUPPORTED, 0, 0);

/* Recognises the vDSO's trampoline. Its frame is found through the frame record that the kernel
 * puts above the saved registers, at a fixed distance from sp. */
static bool is_signal_frame(const struct cfi_state *s)
{
	return s->cfa == CFA_REGISTER && s->reg == REG_BP && !s->offset &&
	       s->ra.how == CFI_AT_OFFSET && s->ra.offset == 8 && s->bp.how == CFI_AT_OFFSET &&
	       !s->bp.offset;
}

static uint32_t bp_at(const struct cfi_state *s)
{
	if (s->bp.how == CFI_UNCHANGED)
		return UNWIND_BP_SAME;
	return s->bp.how == CFI_AT_OFFSET && s->ra.how == CFI_AT_OFFSET &&
			       s->bp.offset == s->ra.offset - 8
		       ? UNWIND_BP_BELOW_RA
		       : UNWIND_BP_LOST;
}

uint32_t cfi_state__rule(const struct cfi_state *s, bool signal)
{
	uint32_t ra = 0;

	if (s->ra.how == CFI_UNDEFINED)
		return UNWIND_RULE(UNWIND_END, 0, 0);
	if (signal)
		return is_signal_frame(s) ? UNWIND_RULE(UNWIND_SIGNAL, 0, 0) : unsupported;
	if (s->cfa != CFA_REGISTER || (s->reg != REG_SP && s->reg != REG_BP) ||
	    s->sp.how != CFI_UNCHANGED || s->offset < 0 || s->offset % 16 ||
	    s->offset / 16 > UNWIND_OFFSET_MAX)
		return unsupported;
	if (s->ra.how == CFI_AT_OFFSET) {
		if (s->ra.offset >= 0 || s->ra.offset % 8 || s->ra.offset < -8 * UNWIND_RA_MAX)
			return unsupported;
		/* Memory below sp is overwritten by the next signal. */
		if (s->reg == REG_SP && -s->ra.offset > s->offset)
			return unsupported;
		ra = (uint32_t)(-s->ra.offset / 8);
	} else if (s->ra.how != CFI_UNCHANGED) {
		return unsupported;
	}
	return UNWIND_RULE(s->reg == REG_SP ? UNWIND_SP : UNWIND_BP, UNWIND_SAVED(bp_at(s), ra),
			   s->offset / 16);
}
