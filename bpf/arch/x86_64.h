/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86-64: the form of a row's rule, where a signal frame has its registers and, for the programs,
 * the registers of user mode by what they are for.
 */
#ifndef MIGPOP_ARCH_X86_64_H
#define MIGPOP_ARCH_X86_64_H

#include "shared/types.h"

#define ARCH_UNWIND_H "arch/x86_64_unwind.h"

/* Addresses of users end below. The kernel refuses to read beyond without trying. */
#define UNWIND_ADDRESS_MAX (1ULL << 47)

/* A call leaves the return address in memory, in no register. */
enum { UNWIND_HAS_LR = 0 };

/* Where the kernel saves registers below a signal handler: in struct rt_sigframe, from the
 * restorer's stack pointer on. glibc's CFI of __restore_rt says the same. */
enum { SIGNAL_BP = 120, SIGNAL_SP = 160, SIGNAL_IP = 168 };

/* A row's rule: bits 0-3 are the enum unwind_kind, 4-11 say where the caller's rbp is, 12-31 are
 * the offset in words. */

/* Where the caller's rbp is: 1 to UNWIND_BP_MAX words below the CFA, or one of the others. */
enum {
	UNWIND_BP_SAME = 0, /* it is still in rbp */
	UNWIND_BP_MAX = 253,
	UNWIND_BP_LOST = 254,  /* no row can say where: a frame that needs it ends the chain */
	UNWIND_BP_AT_BP = 255, /* it is in the word that rbp points to */
};

/* Offsets reach 4 MiB up and down. */
enum { UNWIND_OFFSET_MIN = -(1 << 19), UNWIND_OFFSET_MAX = (1 << 19) - 1 };

#define UNWIND_RULE(kind, bp, offset) ((u32)(kind) | (u32)(bp) << 4 | (u32)(offset) << 12)
#define UNWIND_KIND(rule)             ((rule)&15)
#define UNWIND_BP_AT(rule)            ((rule) >> 4 & 255)
#define UNWIND_OFFSET(rule)           ((s32)(rule) >> 12)

#ifdef __BPF__

#include <asm/unistd_64.h>

/* Registers of user mode by what they are for. The arguments are those of the system call that
 * saved the registers, also when it has ended. */
struct pt_regs {
	unsigned long di, si, dx, cx, r10, r8, ip, cs, orig_ax, ax, bp, sp;
} __attribute__((preserve_access_index));

/* Of the kernel's struct task_struct. */
struct thread_struct {
	unsigned long fsbase;
} __attribute__((preserve_access_index));

#define REGS_IP        ip
#define THREAD_POINTER thread.fsbase

/* Where glibc's descriptor of a thread begins to be searched, from its thread pointer on. */
enum { DESCRIPTOR_FROM = 0x5c0 };

/* arch/x86/include/asm/segment.h: code segment of 64-bit programs */
enum { USER_CS = 0x33 };

/* -1 after an exception */
static __always_inline s64 regs__syscall(const struct pt_regs *regs)
{
	return (s64)regs->orig_ax;
}

static __always_inline u64 regs__arg1(const struct pt_regs *regs)
{
	return regs->di;
}

static __always_inline u64 regs__arg2(const struct pt_regs *regs)
{
	return regs->si;
}

static __always_inline u64 regs__arg3(const struct pt_regs *regs)
{
	return regs->dx;
}

static __always_inline u64 regs__arg4(const struct pt_regs *regs)
{
	return regs->r10;
}

static __always_inline u64 regs__arg5(const struct pt_regs *regs)
{
	return regs->r8;
}

static __always_inline u64 regs__ip(const struct pt_regs *regs)
{
	return regs->ip;
}

static __always_inline u64 regs__sp(const struct pt_regs *regs)
{
	return regs->sp;
}

/* The frame pointer. */
static __always_inline u64 regs__bp(const struct pt_regs *regs)
{
	return regs->bp;
}

/* The link register: there is none. */
static __always_inline u64 regs__lr(const struct pt_regs *regs)
{
	return 0;
}

static __always_inline bool regs__is_64bit(const struct pt_regs *regs)
{
	return regs->cs == USER_CS;
}

#endif

#endif
