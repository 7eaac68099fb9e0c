// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * arm64: turns the DWARF rules for one PC into one word of a row, and recognises call instructions.
 * See arch.h for what another architecture needs.
 */
#include <string.h>

#include <dwarf.h>
#include <elf.h>

#include "shared/row.h"
#include "symbol/arch.h"

/* DWARF's numbers of registers. */
enum { REG_BP = 29, REG_RA = 30, REG_SP = 31 };

enum { INSTRUCTION = 4 }; /* bytes */

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

static uint32_t rule(const struct cfi_state *s, bool signal)
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

/* Recognises BL, BLR, and BLRAA and its variants, which check a signed pointer before they branch.
 */
static enum call_kind call_before(const uint8_t *end, size_t have, uint64_t after, uint64_t *target)
{
	uint32_t op;

	if (have < INSTRUCTION)
		return CALL_NONE;
	memcpy(&op, end - INSTRUCTION, sizeof(op));
	if (op >> 26 == 0x25) {
		*target = after - INSTRUCTION + (uint64_t)((int64_t)(int32_t)(op << 6) >> 4);
		return CALL_DIRECT;
	}
	return (op & 0xfffffc1f) == 0xd63f0000 || (op & 0xfefff800) == 0xd63f0800 ? CALL_INDIRECT
										  : CALL_NONE;
}

/* "mov x8, __NR_rt_sigreturn; svc 0". Since Linux 5.8 (87676cfca141) the vDSO has no call frame
 * information. */
static const uint8_t sigreturn[] = {0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4};

const struct arch arch = {
	.machine = EM_AARCH64,
	.reg_bp = REG_BP,
	.reg_sp = REG_SP,
	.reg_ra = REG_RA,
	.ra_can_be_other = true, /* rawmemchr() of static programs of glibc has it in x15 */
	.augmentation = 'B',     /* tells which key signs return addresses; the unwinder removes
				    signatures anyway */
	.cfa_nop = DW_CFA_AARCH64_negate_ra_state, /* return addresses are signed from here on, or
						      no more */
	.rule = rule,
	.sigreturn = sigreturn,
	.sigreturn_len = sizeof(sigreturn),
	.call_min = INSTRUCTION,
	.call_max = INSTRUCTION,
	.call_before = call_before,
};

_Static_assert((int)INSTRUCTION <= (int)ARCH_CALL_MAX, "code.c reads so many bytes");
