/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between architectures: the registers of user mode by what they are for, and flags in
 * them. Arguments are those of the system call that saved the registers, when it has ended, too.
 */
#ifndef MIGPOP_ARCH_H
#define MIGPOP_ARCH_H

#ifdef __TARGET_ARCH_x86

#include <asm/unistd_64.h>

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

#elif defined(__TARGET_ARCH_arm64)

#include <asm/unistd.h>

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

#else
#error "no registers of this architecture"
#endif

#endif
