/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the call frame instructions of one function and appends its rows. Knows nothing of ELF, nor
 * of where the instructions came from.
 */
#ifndef MIGPOP_SYMBOL_CFI_PROGRAM_H
#define MIGPOP_SYMBOL_CFI_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unwind_row;

/* DWARF's numbers. On arm64 code of glibc's that is called in a way of its own has the return
 * address elsewhere: rawmemchr() of static programs in x15. */
#ifdef __aarch64__
enum { REG_BP = 29, REG_RA = 30, REG_SP = 31, RA_CAN_BE_OTHER = 1 };
#else
enum { REG_BP = 6, REG_SP = 7, REG_RA = 16, RA_CAN_BE_OTHER = 0 };
#endif

/* Bytes being read. Reading beyond the end reads zeros and sets "bad". */
struct cfi_cursor {
	const uint8_t *at, *end;
	bool bad;
};

uint64_t cfi_cursor__fixed(struct cfi_cursor *c, size_t bytes); /* little endian */
uint64_t cfi_cursor__unsigned(struct cfi_cursor *c);            /* LEB128 */
int64_t cfi_cursor__signed(struct cfi_cursor *c);

/* How the caller's value of one register is had. */
struct cfi_where {
	enum {
		CFI_UNCHANGED, /* or, for the stack pointer: it is the CFA */
		CFI_UNDEFINED,
		CFI_AT_OFFSET,     /* in memory, from the CFA */
		CFI_AT_EXPRESSION, /* in memory */
		CFI_ELSEWHERE,     /* in a way that no row can say */
	} how;
	uint32_t len; /* of the expression */
	union {
		int64_t offset;
		const uint8_t *expression;
	};
};

/* The rules in force at one PC, of the registers that rows are about. */
struct cfi_state {
	enum { CFA_NONE, CFA_REGISTER, CFA_EXPRESSION } cfa;
	uint32_t len; /* of the expression */
	union {
		uint64_t reg;
		const uint8_t *expression;
	};
	int64_t offset;
	struct cfi_where bp, sp, ra;
};

/* What the functions that share a CIE have in common. */
struct cfi_common {
	uint64_t code_align;
	int64_t data_align;
	bool signal; /* its functions are signal frames */
	struct cfi_state initial;
};

/* As struct unwind_row has it. */
uint32_t cfi_state__rule(const struct cfi_state *s, bool signal);

struct cfi_rows {
	struct unwind_row *v;
	size_t n, size;
	uint64_t base;
	uint64_t end; /* of the last function */
	size_t unsupported;
};

/* Runs a CIE's instructions into common->initial. 0 or -EBADMSG. */
int cfi_program__initial(struct cfi_common *common, const uint8_t *at, const uint8_t *end);

/* Appends the rows of the function [start, end), which must not lie below those before it nor 4 GiB
 * above rows->base. 0, -EBADMSG or -ENOMEM. */
int cfi_program__run(struct cfi_rows *rows, const struct cfi_common *common, uint64_t start,
		     uint64_t end, const uint8_t *at, const uint8_t *limit);

/* Ends the last function. Room for this row is kept by cfi_program__run. */
void cfi_rows__end(struct cfi_rows *rows);

#endif
