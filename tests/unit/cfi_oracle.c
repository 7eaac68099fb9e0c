// SPDX-License-Identifier: GPL-2.0-or-later
/* Uses nothing of the program but the encoding of rows. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <gelf.h>

#include "shared/row.h"
#include "cfi_oracle.h"

enum { BP = 6, SP = 7, RA = 16 };

struct range {
	uint64_t start, end;
};

static bool is_op(const Dwarf_Op *op, unsigned int atom, int64_t number)
{
	return op->atom == atom && (int64_t)op->number == number;
}

static bool is_breg(const Dwarf_Op *op, unsigned int reg)
{
	return op->atom == DW_OP_breg0 + reg;
}

/* The location is a word below the CFA: how many words? 0 if it is no such. */
static int64_t words_below_cfa(const Dwarf_Op *ops, size_t n)
{
	if (n != 2 || ops[0].atom != DW_OP_call_frame_cfa || ops[1].atom != DW_OP_plus_uconst ||
	    (int64_t)ops[1].number >= 0 || (int64_t)ops[1].number % 8)
		return 0;
	return -(int64_t)ops[1].number / 8;
}

/* The register is in the word at reg + offset. libdw puts the CFA on the stack first, as the
 * standard has it. */
static bool is_at(const Dwarf_Op *ops, size_t n, unsigned int reg, int64_t offset)
{
	return n == 2 && ops[0].atom == DW_OP_call_frame_cfa && is_breg(&ops[1], reg) &&
	       (int64_t)ops[1].number == offset;
}

static bool in_stack(Dwarf_Frame *frame, int reg, int64_t offset)
{
	Dwarf_Op mem[3], *ops;
	size_t n;

	return !dwarf_frame_register(frame, reg, mem, &ops, &n) && is_at(ops, n, SP, offset);
}

static uint32_t cfa(const Dwarf_Op *o, size_t n, int64_t *offset)
{
	static const struct {
		unsigned int atom;
		int64_t number;
	} plt[] = {{DW_OP_breg7, 8}, {DW_OP_breg16, 0}, {DW_OP_lit15, 0}, {DW_OP_and, 0}};
	bool bp = n && is_breg(o, BP);
	bool deref = n >= 2 && (bp || is_breg(o, SP)) && o[1].atom == DW_OP_deref;
	bool is_plt = n == 9 && o[5].atom == DW_OP_ge && o[6].atom == DW_OP_lit3 &&
		      o[7].atom == DW_OP_shl && o[8].atom == DW_OP_plus;

	if (n == 1 && o[0].atom == DW_OP_bregx && (o[0].number == SP || o[0].number == BP)) {
		*offset = (int64_t)o[0].number2;
		if (*offset % 8)
			return UNWIND_UNSUPPORTED;
		*offset /= 8;
		if (o[0].number == BP)
			return UNWIND_BP;
		return *offset < 1 ? UNWIND_UNSUPPORTED : UNWIND_SP;
	}
	for (size_t i = 0; is_plt && i < 4; i++)
		is_plt = is_op(&o[i], plt[i].atom, plt[i].number);
	if (is_plt) {
		*offset = o[4].atom - DW_OP_lit0;
		return UNWIND_PLT;
	}
	if (!deref || o[0].number % 8)
		return UNWIND_UNSUPPORTED;
	*offset = (int64_t)o[0].number / 8;
	if (n == 2)
		return bp ? UNWIND_BP_DEREF : UNWIND_SP_DEREF;
	if (n == 3 && is_op(&o[2], DW_OP_plus_uconst, 8))
		return bp ? UNWIND_BP_DEREF8 : UNWIND_SP_DEREF8;
	return UNWIND_UNSUPPORTED;
}

static uint32_t bp_at(Dwarf_Frame *frame)
{
	Dwarf_Op mem[3], *ops;
	size_t n;
	int64_t words;

	if (dwarf_frame_register(frame, BP, mem, &ops, &n))
		return UNWIND_BP_LOST;
	if (!n)
		return ops ? UNWIND_BP_LOST : UNWIND_BP_SAME;
	if (is_at(ops, n, BP, 0))
		return UNWIND_BP_AT_BP;
	words = words_below_cfa(ops, n);
	return words > 0 && words <= UNWIND_BP_MAX ? (uint32_t)words : UNWIND_BP_LOST;
}

static uint32_t rule_of(Dwarf_Frame *frame, bool signal)
{
	Dwarf_Op mem[3], *ops;
	int64_t offset = 0;
	uint32_t kind;
	size_t n;

	if (dwarf_frame_register(frame, RA, mem, &ops, &n))
		return UNWIND_UNSUPPORTED;
	if (!n)
		return ops ? UNWIND_END : UNWIND_UNSUPPORTED;
	if (signal)
		return in_stack(frame, RA, 168) && in_stack(frame, SP, 160) &&
				       in_stack(frame, BP, 120)
			       ? UNWIND_SIGNAL
			       : UNWIND_UNSUPPORTED;
	if (words_below_cfa(ops, n) != 1)
		return UNWIND_UNSUPPORTED;
	/* The caller's rsp is the CFA: "call_frame_cfa, stack_value". */
	if (dwarf_frame_register(frame, SP, mem, &ops, &n) || n != 2 ||
	    ops[0].atom != DW_OP_call_frame_cfa || ops[1].atom != DW_OP_stack_value)
		return UNWIND_UNSUPPORTED;
	if (dwarf_frame_cfa(frame, &ops, &n))
		return UNWIND_UNSUPPORTED;
	kind = cfa(ops, n, &offset);
	if (kind == UNWIND_UNSUPPORTED || offset < UNWIND_OFFSET_MIN || offset > UNWIND_OFFSET_MAX)
		return UNWIND_UNSUPPORTED;
	return UNWIND_RULE(kind, bp_at(frame), offset);
}

static void add(struct cfi_table *t, uint64_t pc, uint32_t rule)
{
	struct unwind_row *more;

	if (t->n && t->rows[t->n - 1].rule == rule)
		return;
	if (!(t->n & (t->n - 1))) {
		more = realloc(t->rows, (t->n ? 2 * t->n : 1) * sizeof(*more));
		if (!more)
			abort();
		t->rows = more;
	}
	t->rows[t->n++] = (struct unwind_row){(uint32_t)(pc - t->base), rule};
	t->unsupported += UNWIND_KIND(rule) == UNWIND_UNSUPPORTED;
}

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static struct range *read_ranges(const char *path, size_t *n)
{
	char command[512], *line = NULL;
	struct range *v = NULL, *more;
	size_t size = 0, len = 0;
	FILE *f;

	snprintf(command, sizeof(command), "readelf --debug-dump=frames '%s' 2>/dev/null", path);
	f = popen(command, "r");
	*n = 0;
	while (f && getline(&line, &len, f) > 0) {
		const char *at = strstr(line, " pc=");
		struct range r;

		if (!strstr(line, " FDE ") || !at ||
		    sscanf(at, " pc=%lx..%lx", &r.start, &r.end) != 2 || r.start == r.end)
			continue;
		if (*n == size) {
			size = 2 * size + 64;
			more = realloc(v, size * sizeof(*v));
			if (!more)
				abort();
			v = more;
		}
		v[(*n)++] = r;
	}
	free(line);
	if (f)
		pclose(f);
	if (*n)
		qsort(v, *n, sizeof(*v), by_start);
	return v;
}

static int add_function(struct cfi_table *t, Dwarf_CFI *cfi, const struct range *r)
{
	for (uint64_t pc = r->start; pc < r->end;) {
		Dwarf_Frame *frame;
		Dwarf_Addr start, end;
		bool signal;

		/* Here libdw finds the instructions wrong, not the PC. */
		if (dwarf_cfi_addrframe(cfi, pc, &frame)) {
			add(t, pc++, UNWIND_UNSUPPORTED);
			continue;
		}
		dwarf_frame_info(frame, &start, &end, &signal);
		add(t, pc, rule_of(frame, signal));
		free(frame);
		if (end <= pc)
			return -1;
		pc = end;
	}
	return 0;
}

/* [start, end) is of no function; an entry point in it ends chains. */
static void add_gap(struct cfi_table *t, uint64_t start, uint64_t end, uint64_t entry)
{
	if (start && start < end && start != entry)
		add(t, start, UNWIND_NONE);
	if (entry >= start && entry < end)
		add(t, entry, UNWIND_RULE(UNWIND_END, UNWIND_BP_SAME, 0));
}

static int add_functions(struct cfi_table *t, Dwarf_CFI *cfi, const struct range *v, size_t n,
			 uint64_t entry)
{
	for (size_t i = 0; i < n; i++) {
		if (i && v[i].start == v[i - 1].start)
			continue; /* one function folded into another */
		add_gap(t, i ? v[i - 1].end : 0, v[i].start, entry);
		if (add_function(t, cfi, &v[i]))
			return -1;
	}
	if (n)
		add(t, v[n - 1].end, UNWIND_NONE);
	return n ? 0 : -1;
}

static int set_base(struct cfi_table *t, Elf *elf)
{
	GElf_Phdr p;

	for (int i = 0; gelf_getphdr(elf, i, &p); i++) {
		if (p.p_type != PT_LOAD)
			continue;
		t->base = p.p_vaddr & ~(uint64_t)4095;
		return 0;
	}
	return -1;
}

int cfi_oracle__read(const char *path, struct cfi_table *out)
{
	struct range *v;
	GElf_Ehdr header;
	size_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = -1;
	Dwarf_CFI *cfi;
	Dwarf *dwarf = NULL;
	Elf *elf;

	elf_version(EV_CURRENT);
	*out = (struct cfi_table){0};
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	v = read_ranges(path, &n);
	cfi = elf ? dwarf_getcfi_elf(elf) : NULL;
	if (elf && (!cfi || !n)) {
		dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
		cfi = dwarf ? dwarf_getcfi(dwarf) : NULL;
	}
	if (cfi && !set_base(out, elf) && gelf_getehdr(elf, &header))
		err = add_functions(out, cfi, v, n, header.e_entry ? header.e_entry : UINT64_MAX);
	if (cfi && !dwarf)
		dwarf_cfi_end(cfi);
	dwarf_end(dwarf);
	elf_end(elf);
	if (fd >= 0)
		close(fd);
	free(v);
	if (err)
		cfi__free(out);
	return err;
}
