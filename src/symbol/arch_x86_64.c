// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * x86-64: turns the DWARF rules for one PC into one word of a row, and recognises call
 * instructions. See arch.h for what another architecture needs.
 */
#include <string.h>

#include <dwarf.h>
#include <elf.h>

#include "shared/row.h"
#include "symbol/arch.h"

/* DWARF's numbers of registers. */
enum { REG_BP = 6, REG_SP = 7, REG_RA = 16 };

enum { CALL_MIN = 2, CALL_MAX = 7 };

/* True if the expression computes rsp + offset, or with "deref" the word that is stored there. */
static bool is_word_of_stack(const uint8_t *expression, size_t len, int64_t offset, bool deref)
{
	struct cfi_cursor c = {.at = expression, .end = expression + len};

	if (cfi_cursor__fixed(&c, 1) != DW_OP_breg7 || cfi_cursor__signed(&c) != offset)
		return false;
	if (deref && cfi_cursor__fixed(&c, 1) != DW_OP_deref)
		return false;
	return !c.bad && c.at == c.end;
}

/* Recognises the frame that the kernel builds for a signal, as the C library describes its
 * trampoline: struct ucontext lies at rsp. */
static bool is_signal_frame(const struct cfi_state *s)
{
	return s->cfa == CFA_EXPRESSION && is_word_of_stack(s->expression, s->len, 160, true) &&
	       s->ra.how == CFI_AT_EXPRESSION &&
	       is_word_of_stack(s->ra.expression, s->ra.len, 168, false) &&
	       s->sp.how == CFI_AT_EXPRESSION &&
	       is_word_of_stack(s->sp.expression, s->sp.len, 160, false) &&
	       s->bp.how == CFI_AT_EXPRESSION &&
	       is_word_of_stack(s->bp.expression, s->bp.len, 120, false);
}

/* Recognises the stubs of a procedure linkage table: the expression adds ((rip & 15) >= N) << 3 to
 * rsp + 8. Stores N in *from. */
static bool is_plt(struct cfi_cursor c, int64_t *from)
{
	static const uint8_t before[] = {DW_OP_breg16, 0, DW_OP_lit15, DW_OP_and};
	static const uint8_t after[] = {DW_OP_ge, DW_OP_lit3, DW_OP_shl, DW_OP_plus};

	if (c.end - c.at != sizeof(before) + 1 + sizeof(after) ||
	    memcmp(c.at, before, sizeof(before)) ||
	    memcmp(c.at + sizeof(before) + 1, after, sizeof(after)))
		return false;
	*from = c.at[sizeof(before)] - DW_OP_lit0;
	return *from >= 0 && *from < 16;
}

static enum unwind_kind expression_kind(const struct cfi_state *s, int64_t *offset)
{
	struct cfi_cursor c = {.at = s->expression, .end = s->expression + s->len};
	uint64_t op = cfi_cursor__fixed(&c, 1);
	bool bp = op == DW_OP_breg6;

	*offset = cfi_cursor__signed(&c);
	if (c.bad || (!bp && op != DW_OP_breg7))
		return UNWIND_UNSUPPORTED;
	if (!bp && *offset == 8 && is_plt(c, offset))
		return UNWIND_PLT;
	if (*offset % 8 || cfi_cursor__fixed(&c, 1) != DW_OP_deref)
		return UNWIND_UNSUPPORTED;
	*offset /= 8;
	if (c.at == c.end)
		return bp ? UNWIND_BP_DEREF : UNWIND_SP_DEREF;
	if (cfi_cursor__fixed(&c, 1) != DW_OP_plus_uconst || cfi_cursor__unsigned(&c) != 8 ||
	    c.bad || c.at != c.end)
		return UNWIND_UNSUPPORTED;
	return bp ? UNWIND_BP_DEREF8 : UNWIND_SP_DEREF8;
}

static enum unwind_kind cfa_kind(const struct cfi_state *s, int64_t *offset)
{
	if (s->cfa == CFA_EXPRESSION)
		return expression_kind(s, offset);
	if (s->cfa != CFA_REGISTER || s->offset % 8)
		return UNWIND_UNSUPPORTED;
	*offset = s->offset / 8;
	/* A return address below rsp is overwritten by the next signal. */
	if (s->reg == REG_SP)
		return *offset > 0 ? UNWIND_SP : UNWIND_UNSUPPORTED;
	return s->reg == REG_BP ? UNWIND_BP : UNWIND_UNSUPPORTED;
}

static uint32_t bp_at(const struct cfi_where *bp)
{
	switch (bp->how) {
	case CFI_UNCHANGED:
		return UNWIND_BP_SAME;
	case CFI_AT_OFFSET:
		if (bp->offset % 8 || bp->offset >= 0 || bp->offset < -8 * UNWIND_BP_MAX)
			return UNWIND_BP_LOST;
		return (uint32_t)(-bp->offset / 8);
	case CFI_AT_EXPRESSION:
		if (bp->len == 2 && bp->expression[0] == DW_OP_breg6 && !bp->expression[1])
			return UNWIND_BP_AT_BP;
		return UNWIND_BP_LOST;
	default:
		return UNWIND_BP_LOST;
	}
}

static uint32_t rule(const struct cfi_state *s, bool signal)
{
	enum unwind_kind kind;
	int64_t offset;

	if (s->ra.how == CFI_UNDEFINED)
		return UNWIND_RULE(UNWIND_END, 0, 0);
	if (signal)
		return UNWIND_RULE(is_signal_frame(s) ? UNWIND_SIGNAL : UNWIND_UNSUPPORTED, 0, 0);
	if (s->ra.how != CFI_AT_OFFSET || s->ra.offset != -8 || s->sp.how != CFI_UNCHANGED)
		return UNWIND_RULE(UNWIND_UNSUPPORTED, 0, 0);
	kind = cfa_kind(s, &offset);
	if (kind == UNWIND_UNSUPPORTED || offset < UNWIND_OFFSET_MIN || offset > UNWIND_OFFSET_MAX)
		return UNWIND_RULE(UNWIND_UNSUPPORTED, 0, 0);
	return UNWIND_RULE(kind, bp_at(&s->bp), offset);
}

/* The length in bytes of the indirect near call (FF /2) that begins at "p", judged by p[0..2]; 0 if
 * it is none. */
static size_t indirect_call_len(const uint8_t *p)
{
	unsigned int mod = p[1] >> 6, rm = p[1] & 7, sib = rm == 4 && mod != 3;

	if (p[0] != 0xff || (p[1] >> 3 & 7) != 2)
		return 0;
	if (mod == 1)
		return 3 + sib;
	if (mod == 2 || (mod == 0 && (rm == 5 || (sib && (p[2] & 7) == 5))))
		return 6 + sib;
	return 2 + sib;
}

/* Goes from the last byte backwards: prefixes before the opcode do not matter then. p[2] of an
 * indirect call of two bytes lies behind the call. */
static enum call_kind call_before(const uint8_t *end, size_t have, uint64_t after, uint64_t *target)
{
	int32_t distance;

	for (size_t len = CALL_MIN; len <= have; len++)
		if (indirect_call_len(end - len) == len)
			return CALL_INDIRECT;
	if (have < 5 || end[-5] != 0xe8)
		return CALL_NONE;
	memcpy(&distance, end - 4, sizeof(distance));
	*target = after + (uint64_t)(int64_t)distance;
	return CALL_DIRECT;
}

const struct arch arch = {
	.machine = EM_X86_64,
	.reg_bp = REG_BP,
	.reg_sp = REG_SP,
	.reg_ra = REG_RA,
	.rule = rule,
	.cfa_nop = DW_CFA_nop,
	.call_min = CALL_MIN,
	.call_max = CALL_MAX,
	.call_before = call_before,
};

_Static_assert((int)CALL_MAX <= (int)ARCH_CALL_MAX, "code.c reads so many bytes");
