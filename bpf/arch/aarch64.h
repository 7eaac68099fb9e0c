/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arm64: the form of a row's rule, where a signal frame has its registers and, for the programs,
 * the registers of user mode by what they are for.
 */
#ifndef MIGPOP_ARCH_AARCH64_H
#define MIGPOP_ARCH_AARCH64_H

#include "shared/types.h"

#define ARCH_UNWIND_H "arch/aarch64_unwind.h"

/* Addresses of users end below. The kernel refuses to read beyond without trying. */
#define UNWIND_ADDRESS_MAX (1ULL << 48)

/* A call leaves the return address in x30, until the function saves it. */
enum { UNWIND_HAS_LR = 1 };

/* Where the kernel saves registers below a signal handler: in struct rt_sigframe, from the
 * trampoline's stack pointer on. */
enum { SIGNAL_BP = 544, SIGNAL_LR = 552, SIGNAL_SP = 560, SIGNAL_IP = 568 };

/* A row's rule: bits 0-3 are the enum unwind_kind, 4-5 say where the caller's x29 is, 6-18 where
 * the return address is, 19-31 are the offset in pairs of words. */

/* Where the caller's x29 is. */
enum {
	UNWIND_BP_SAME,     /* it is still in x29 */
	UNWIND_BP_BELOW_RA, /* it is in the word below the return address: a frame record */
	UNWIND_BP_LOST,     /* no row can say where */
};

/* Where the return address is: so many words below the CFA; 0: it is still in x30. */
enum { UNWIND_RA_MAX = (1 << 13) - 1 };

/* Offsets reach 128 KiB up: x29 and, where a frame is complete, sp are below the CFA. */
enum { UNWIND_OFFSET_MAX = (1 << 13) - 1 };

#define UNWIND_SAVED(bp, ra)             ((u32)(bp) | (u32)(ra) << 2)
#define UNWIND_RULE(kind, saved, offset) ((u32)(kind) | (u32)(saved) << 4 | (u32)(offset) << 19)
#define UNWIND_KIND(rule)                ((rule)&15)
#define UNWIND_BP_AT(rule)               ((rule) >> 4 & 3)
#define UNWIND_RA_AT(rule)               ((rule) >> 6 & UNWIND_RA_MAX)
#define UNWIND_OFFSET(rule)              ((rule) >> 19)

#ifdef __BPF__

#include <asm/unistd.h>

/* Registers of user mode by what they are for. The arguments are those of the system call that
 * saved the registers, also when it has ended. */
/* A register that a call returns in holds its first argument no more: that is kept apart. */
struct pt_regs {
	u64 regs[31], sp, pc, pstate, orig_x0;
	s32 syscallno;
} __attribute__((preserve_access_index));

/* What libbpf takes for the registers of a kprobe. */
struct user_pt_regs {
	u64 regs[31], sp, pc, pstate;
} __attribute__((preserve_access_index));

struct thread_struct {
	struct {
		unsigned long tp_value;
	} uw;
} __attribute__((preserve_access_index));

#define REGS_IP        pc
#define THREAD_POINTER thread.uw.tp_value

/* Descriptors end where thread pointers point to. The argument is at -0x300 in glibc 2.36. */
enum { DESCRIPTOR_FROM = -0x388 };

/* arch/arm64/include/uapi/asm/ptrace.h */
enum { PSR_MODE32_BIT = 0x10 };

static __always_inline s64 regs__syscall(const struct pt_regs *regs)
{
	return regs->syscallno;
}

static __always_inline u64 regs__arg1(const struct pt_regs *regs)
{
	return regs->orig_x0;
}

static __always_inline u64 regs__arg2(const struct pt_regs *regs)
{
	return regs->regs[1];
}

static __always_inline u64 regs__arg3(const struct pt_regs *regs)
{
	return regs->regs[2];
}

static __always_inline u64 regs__arg4(const struct pt_regs *regs)
{
	return regs->regs[3];
}

static __always_inline u64 regs__arg5(const struct pt_regs *regs)
{
	return regs->regs[4];
}

static __always_inline u64 regs__ip(const struct pt_regs *regs)
{
	return regs->pc;
}

static __always_inline u64 regs__sp(const struct pt_regs *regs)
{
	return regs->sp;
}

static __always_inline u64 regs__bp(const struct pt_regs *regs)
{
	return regs->regs[29];
}

static __always_inline u64 regs__lr(const struct pt_regs *regs)
{
	return regs->regs[30];
}

static __always_inline bool regs__is_64bit(const struct pt_regs *regs)
{
	return !(regs->pstate & PSR_MODE32_BIT);
}

#endif

#endif
