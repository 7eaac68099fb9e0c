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

/* A buffer that is read from "at" to "end". Reading beyond the end returns zeros and sets "bad". */
struct cfi_cursor {
	const uint8_t *at, *end;
	bool bad;
};

uint64_t cfi_cursor__fixed(struct cfi_cursor *c, size_t bytes); /* reads a little-endian number */
uint64_t cfi_cursor__unsigned(struct cfi_cursor *c); /* reads an unsigned LEB128 number */
int64_t cfi_cursor__signed(struct cfi_cursor *c);

/* How to find the caller's value of one register. */
struct cfi_where {
	enum {
		CFI_UNCHANGED, /* the value is still in the register; for the stack pointer: it is
				  the CFA */
		CFI_UNDEFINED,
		CFI_AT_OFFSET,     /* in memory, at "offset" from the CFA */
		CFI_AT_EXPRESSION, /* in memory, at the address that "expression" computes */
		CFI_ELSEWHERE,     /* in a way that a row cannot express */
	} how;
	uint32_t len; /* length of "expression" in bytes */
	union {
		int64_t offset;
		const uint8_t *expression;
	};
};

/* The rules in force at one PC, for the registers that rows describe. */
struct cfi_state {
	enum { CFA_NONE, CFA_REGISTER, CFA_EXPRESSION } cfa;
	uint32_t len; /* length of "expression" in bytes */
	union {
		uint64_t reg;
		const uint8_t *expression;
	};
	int64_t offset;
	struct cfi_where bp, sp, ra;
};

/* What all functions with the same CIE have in common. */
struct cfi_common {
	uint64_t code_align;
	int64_t data_align;
	bool signal; /* these functions are signal frames */
	struct cfi_state initial;
};

struct cfi_rows {
	struct unwind_row *v;
	size_t n, size;
	uint64_t base;
	uint64_t end; /* where the last function ends */
	size_t unsupported;
};

/* Runs the initial instructions of a CIE into common->initial. Returns 0 or -EBADMSG. */
int cfi_program__initial(struct cfi_common *common, const uint8_t *at, const uint8_t *end);

/* Appends the rows of the function [start, end), by its instructions [at, limit). The function must
 * not lie below the functions appended before, nor 4 GiB above rows->base. Returns 0, -EBADMSG or
 * -ENOMEM. */
int cfi_program__run(struct cfi_rows *rows, const struct cfi_common *common, uint64_t start,
		     uint64_t end, const uint8_t *at, const uint8_t *limit);

/* Appends the row that ends the last function. cfi_program__run() keeps room for it, so this cannot
 * fail. */
void cfi_rows__end(struct cfi_rows *rows);

#endif
