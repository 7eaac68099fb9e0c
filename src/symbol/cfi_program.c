// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs the call frame instructions of DWARF 5, section 6.4.2, and GCC's extensions, as far as
 * x86-64 and arm64 use them. libdw could run them too, but it runs all of them anew for every row
 * and allocates each row, which takes five times as long as a tracer has for all modules of a QEMU.
 */
#include <errno.h>
#include <stdlib.h>

#include <dwarf.h>

#include "shared/row.h"
#include "symbol/arch.h"
#include "symbol/cfi_program.h"

enum { REMEMBER_MAX = 32 };

struct program {
	struct cfi_cursor in;
	const struct cfi_common *common;
	struct cfi_rows *rows; /* NULL while the initial instructions of a CIE are run */
	uint64_t at, end;
	struct cfi_state state;
	struct cfi_state *remembered; /* an array of REMEMBER_MAX states */
	size_t n_remembered;
};

uint64_t cfi_cursor__fixed(struct cfi_cursor *c, size_t bytes)
{
	uint64_t value = 0;

	if ((size_t)(c->end - c->at) < bytes) {
		c->bad = true;
		c->at = c->end;
		return 0;
	}
	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)c->at[i] << 8 * i;
	c->at += bytes;
	return value;
}

static uint64_t leb128(struct cfi_cursor *c, unsigned int *bits, uint8_t *last)
{
	uint64_t value = 0;

	*bits = 0;
	do {
		*last = (uint8_t)cfi_cursor__fixed(c, 1);
		if (*bits < 63)
			value |= (uint64_t)(*last & 127) << *bits;
		else
			c->bad = true;
		*bits += 7;
	} while (*last & 128 && !c->bad);
	return value;
}

uint64_t cfi_cursor__unsigned(struct cfi_cursor *c)
{
	unsigned int bits;
	uint8_t last;

	return leb128(c, &bits, &last);
}

int64_t cfi_cursor__signed(struct cfi_cursor *c)
{
	unsigned int bits;
	uint8_t last;
	uint64_t value = leb128(c, &bits, &last);

	if (last & 64)
		value |= ~0ull << (bits < 63 ? bits : 63);
	return (int64_t)value;
}

static void add_row(struct cfi_rows *rows, uint64_t pc, uint32_t rule)
{
	if (rows->n && rows->v[rows->n - 1].rule == rule)
		return;
	rows->v[rows->n++] = (struct unwind_row){(uint32_t)(pc - rows->base), rule};
	rows->unsupported += UNWIND_KIND(rule) == UNWIND_UNSUPPORTED;
}

static void advance(struct program *p, uint64_t delta)
{
	uint64_t bytes;

	if (!p->rows || __builtin_mul_overflow(delta, p->common->code_align, &bytes) ||
	    bytes > p->end - p->at) {
		p->in.bad = true;
		return;
	}
	if (bytes)
		add_row(p->rows, p->at, arch.rule(&p->state, p->common->signal));
	p->at += bytes;
}

static struct cfi_where *where_of(struct cfi_state *s, uint64_t reg)
{
	if (reg == arch.reg_bp)
		return &s->bp;
	if (reg == arch.reg_sp)
		return &s->sp;
	return reg == arch.reg_ra ? &s->ra : NULL;
}

static void set_where(struct program *p, uint64_t reg, struct cfi_where to)
{
	struct cfi_where *where = where_of(&p->state, reg);

	if (where)
		*where = to;
}

/* DWARF encodes an offset in units of the CIE's data alignment. */
static int64_t factored(struct program *p, int64_t operand)
{
	int64_t offset;

	if (__builtin_mul_overflow(operand, p->common->data_align, &offset)) {
		p->in.bad = true;
		return 0;
	}
	return offset;
}

static void set_offset(struct program *p, uint64_t reg, int64_t operand)
{
	set_where(p, reg, (struct cfi_where){.how = CFI_AT_OFFSET, .offset = factored(p, operand)});
}

static void set_how(struct program *p, uint64_t reg, int how)
{
	set_where(p, reg, (struct cfi_where){.how = how});
}

/* Restores the register's rule from the CIE. In the initial instructions of the CIE itself there is
 * no rule yet, and the register becomes "unchanged": some compilers write such a restore. */
static void restore(struct program *p, uint64_t reg)
{
	struct cfi_state initial = p->common->initial;
	const struct cfi_where *where = where_of(&initial, reg);

	if (where)
		set_where(p, reg, *where);
}

static struct cfi_where read_expression(struct program *p)
{
	uint64_t len = cfi_cursor__unsigned(&p->in);
	struct cfi_where w = {.how = CFI_AT_EXPRESSION, .expression = p->in.at};

	if (p->in.bad || len > (uint64_t)(p->in.end - p->in.at)) {
		p->in.bad = true;
		return (struct cfi_where){.how = CFI_ELSEWHERE};
	}
	w.len = (uint32_t)len;
	p->in.at += len;
	return w;
}

static void set_cfa(struct program *p, uint64_t reg, int64_t offset)
{
	p->state.cfa = CFA_REGISTER;
	p->state.reg = reg;
	p->state.offset = offset;
}

static void run_state(struct program *p, bool remember)
{
	if (remember && p->n_remembered < REMEMBER_MAX)
		p->remembered[p->n_remembered++] = p->state;
	else if (!remember && p->n_remembered)
		p->state = p->remembered[--p->n_remembered];
	else
		p->in.bad = true;
}

static void run_cfa(struct program *p, uint8_t op)
{
	struct cfi_cursor *in = &p->in;
	struct cfi_where w;
	uint64_t reg;

	switch (op) {
	case DW_CFA_def_cfa:
		reg = cfi_cursor__unsigned(in);
		set_cfa(p, reg, (int64_t)cfi_cursor__unsigned(in));
		return;
	case DW_CFA_def_cfa_sf:
		reg = cfi_cursor__unsigned(in);
		set_cfa(p, reg, factored(p, cfi_cursor__signed(in)));
		return;
	case DW_CFA_def_cfa_expression:
		w = read_expression(p);
		p->state.cfa = CFA_EXPRESSION;
		p->state.expression = w.expression;
		p->state.len = w.len;
		return;
	}
	/* The other instructions change the register or the offset, and keep the other one. After
	 * an expression there is neither, and every reader of DWARF assumes something different. */
	if (p->state.cfa == CFA_EXPRESSION)
		p->state.cfa = CFA_NONE;
	if (op == DW_CFA_def_cfa_register)
		p->state.reg = cfi_cursor__unsigned(in);
	else if (op == DW_CFA_def_cfa_offset)
		p->state.offset = (int64_t)cfi_cursor__unsigned(in);
	else
		p->state.offset = factored(p, cfi_cursor__signed(in));
}

static void run_register(struct program *p, uint8_t op)
{
	struct cfi_cursor *in = &p->in;
	uint64_t reg = cfi_cursor__unsigned(in);

	switch (op) {
	case DW_CFA_offset_extended:
		set_offset(p, reg, (int64_t)cfi_cursor__unsigned(in));
		break;
	case DW_CFA_offset_extended_sf:
		set_offset(p, reg, cfi_cursor__signed(in));
		break;
	case DW_CFA_GNU_negative_offset_extended:
		set_offset(p, reg, -(int64_t)cfi_cursor__unsigned(in));
		break;
	case DW_CFA_restore_extended:
		restore(p, reg);
		break;
	case DW_CFA_undefined:
		set_how(p, reg, CFI_UNDEFINED);
		break;
	case DW_CFA_same_value:
		/* "Same value" of the stack pointer would mean that the CFA is not the caller's
		 * stack pointer. */
		set_how(p, reg, reg == arch.reg_sp ? CFI_ELSEWHERE : CFI_UNCHANGED);
		break;
	case DW_CFA_expression:
		set_where(p, reg, read_expression(p));
		break;
	case DW_CFA_val_expression:
		read_expression(p);
		set_how(p, reg, CFI_ELSEWHERE);
		break;
	default: /* DW_CFA_register, DW_CFA_val_offset, DW_CFA_val_offset_sf */
		cfi_cursor__unsigned(in);
		set_how(p, reg, CFI_ELSEWHERE);
	}
}

static void run_other(struct program *p, uint8_t op)
{
	switch (op) {
	case DW_CFA_nop:
		break;
	case DW_CFA_advance_loc1:
		advance(p, cfi_cursor__fixed(&p->in, 1));
		break;
	case DW_CFA_advance_loc2:
		advance(p, cfi_cursor__fixed(&p->in, 2));
		break;
	case DW_CFA_advance_loc4:
		advance(p, cfi_cursor__fixed(&p->in, 4));
		break;
	case DW_CFA_remember_state:
	case DW_CFA_restore_state:
		run_state(p, op == DW_CFA_remember_state);
		break;
	case DW_CFA_GNU_args_size:
		cfi_cursor__unsigned(&p->in);
		break;
	case DW_CFA_def_cfa:
	case DW_CFA_def_cfa_sf:
	case DW_CFA_def_cfa_register:
	case DW_CFA_def_cfa_offset:
	case DW_CFA_def_cfa_offset_sf:
	case DW_CFA_def_cfa_expression:
		run_cfa(p, op);
		break;
	case DW_CFA_offset_extended:
	case DW_CFA_offset_extended_sf:
	case DW_CFA_GNU_negative_offset_extended:
	case DW_CFA_restore_extended:
	case DW_CFA_undefined:
	case DW_CFA_same_value:
	case DW_CFA_expression:
	case DW_CFA_val_expression:
	case DW_CFA_register:
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
		run_register(p, op);
		break;
	default: /* compilers for these architectures do not use DW_CFA_set_loc */
		p->in.bad = op != arch.cfa_nop;
	}
}

static int run(struct program *p)
{
	while (p->in.at < p->in.end && !p->in.bad) {
		uint8_t op = *p->in.at++, operand = op & 63;

		switch (op & 192) {
		case DW_CFA_advance_loc:
			advance(p, operand);
			break;
		case DW_CFA_offset:
			set_offset(p, operand, (int64_t)cfi_cursor__unsigned(&p->in));
			break;
		case DW_CFA_restore:
			restore(p, operand);
			break;
		default:
			run_other(p, op);
		}
	}
	return p->in.bad ? -EBADMSG : 0;
}

int cfi_program__initial(struct cfi_common *common, const uint8_t *at, const uint8_t *end)
{
	struct cfi_state remembered[REMEMBER_MAX];
	struct program p = {
		.in = {.at = at, .end = end},
		.common = common,
		.remembered = remembered,
	};
	int err;

	err = run(&p);
	common->initial = p.state;
	return err;
}

/* Reserves room for the rows of one function. Each instruction, at least one byte long, adds at
 * most one row; one more row ends the instructions, and one on each side marks the gap to the next
 * function. */
static int reserve(struct cfi_rows *rows, size_t instructions)
{
	size_t need = rows->n + instructions + 3, size = rows->size;
	struct unwind_row *more;

	if (need <= size)
		return 0;
	while (size < need)
		size += size / 2 + 1024;
	more = realloc(rows->v, size * sizeof(*more));
	if (!more)
		return -ENOMEM;
	rows->v = more;
	rows->size = size;
	return 0;
}

void cfi_rows__end(struct cfi_rows *rows)
{
	if (rows->n)
		add_row(rows, rows->end, UNWIND_RULE(UNWIND_NONE, 0, 0));
}

int cfi_program__run(struct cfi_rows *rows, const struct cfi_common *common, uint64_t start,
		     uint64_t end, const uint8_t *at, const uint8_t *limit)
{
	struct cfi_state remembered[REMEMBER_MAX];
	struct program p = {
		.in = {.at = at, .end = limit},
		.common = common,
		.rows = rows,
		.at = start,
		.end = end,
		.state = common->initial,
		.remembered = remembered,
	};
	int err = reserve(rows, (size_t)(limit - at));

	if (err)
		return err;
	if (start > rows->end)
		cfi_rows__end(rows);
	err = run(&p);
	if (err)
		return err;
	if (p.at < end)
		add_row(rows, p.at, arch.rule(&p.state, common->signal));
	rows->end = end;
	return 0;
}
