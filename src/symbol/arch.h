/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the readers of ELF files must know of an architecture. A build has one, that of the
 * processor it runs on: arch_x86_64.c or arch_aarch64.c defines it. Knows nothing of files.
 */
#ifndef MIGPOP_SYMBOL_ARCH_H
#define MIGPOP_SYMBOL_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/cfi_program.h"

enum call_kind {
	CALL_NONE,
	CALL_DIRECT,   /* to an address that the instruction names */
	CALL_INDIRECT, /* to an address in a register or in memory */
};

/*
 * To add an architecture NAME, as CMAKE_SYSTEM_PROCESSOR spells it:
 *
 * 1. Write src/symbol/arch_NAME.c, which defines "arch". CMake compiles the file of the processor
 *    that it builds for, and none of the others.
 * 2. Write the two files of bpf/arch/ that bpf/arch/arch.h describes: the form of a row, the
 *    registers of user mode, the steps of the unwinder.
 * 3. Give BPF_ARCH the name that libbpf has for it, in CMakeLists.txt.
 * 4. Run the unit tests and tests/chains there. "unit/cfi" compares the rows with those of libdw.
 */
struct arch {
	unsigned int machine; /* of its ELF files: EM_* */

	/* DWARF's numbers of the frame pointer, the stack pointer and the return address. */
	uint8_t reg_bp, reg_sp, reg_ra;
	/* Some functions keep the return address in another register than "reg_ra". */
	bool ra_can_be_other;
	/* A letter of augmentation strings that changes no rule; '\0' if there is none. */
	char augmentation;
	/* A call frame instruction of this architecture that changes no rule; DW_CFA_nop if there
	 * is none. */
	uint8_t cfa_nop;
	/* The rules for one PC as one word of struct unwind_row. Rules that the kernel side could
	 * not follow exactly become UNWIND_UNSUPPORTED, never an approximation. "signal": the
	 * function is a signal frame. */
	uint32_t (*rule)(const struct cfi_state *s, bool signal);

	/* The instructions of the vDSO that signal handlers return to, where the vDSO has no call
	 * frame information; NULL where it has. */
	const uint8_t *sigreturn;
	size_t sigreturn_len;

	/* Bytes of the shortest and of the longest call instruction, without prefixes. At least
	 * "call_max" bytes before "end" and one at "end" can be read; the last "have" of those
	 * before "end" are code. Tells whether a call instruction ends exactly at "end", which has
	 * the address "after". *target is set for a direct call. */
	size_t call_min, call_max;
	enum call_kind (*call_before)(const uint8_t *end, size_t have, uint64_t after,
				      uint64_t *target);
};

enum { ARCH_CALL_MAX = 16 }; /* no "call_max" is larger */

extern const struct arch arch;

#endif
