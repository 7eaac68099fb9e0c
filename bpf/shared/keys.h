/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What counters are kept for: memory, call sites, threads, advice. Only the keys: counts.h has what
 * is counted.
 */
#ifndef MIGPOP_SHARED_KEYS_H
#define MIGPOP_SHARED_KEYS_H

#include "shared/types.h"

enum access { ACCESS_NONE, ACCESS_READ, ACCESS_WRITE };

/* How the kernel came to touch the memory. */
enum context {
	CONTEXT_USER,    /* by a fault in user mode */
	CONTEXT_KERNEL,  /* by a fault in kernel mode, on behalf of a system call */
	CONTEXT_SYSCALL, /* without a fault: GUP, fallocate, write() to the file, userfaultfd */
};

enum kind {
	KIND_NONE,
	KIND_SHMEM,
	KIND_ANON,
	KIND_HUGETLB,
	KIND_PRIVATE_FILE, /* private copies of pages of a file, of any file system */
	KIND_FILE,         /* the page cache of an ordinary file that is somebody's memory */
};

/* Values of "syscall" that are no numbers of system calls. */
enum {
	SYSCALL_NONE = -1,
	SYSCALL_IO_URING = -2, /* a worker of io_uring did it */
	SYSCALL_VHOST = -3,    /* a worker of vhost did it */
	SYSCALL_KTHREAD = -4,  /* another thread of the kernel did it */
	SYSCALL_EXIT = -5,     /* the process ended, so its memory went */
};

/* What a page belongs to. "id" is the inode's number for shmem, shared hugetlb memory and ordinary
 * files. For private memory it is the start of the VMA, or the end of a VMA that grows downwards,
 * in the address space of "tgid". */
struct backing_key {
	u64 id;
	u32 dev;  /* 0 for private memory */
	u32 tgid; /* 0 for inodes */
	u32 kind; /* enum kind */
	u32 zero;
};

/* A call site: who asked, how, and for what. */
struct site_key {
	u64 ip; /* of user mode: the faulting instruction, or the return address of a system call */
	struct backing_key backing;
	u32 tgid;
	s32 syscall;
	s32 stack; /* the number of the call chain, or STACK_NOT_TAKEN, STACK_NOT_KEPT */
	u8 access, context;
	u16 zero;
};

struct thread_key {
	u32 tgid, tid;
};

/* A call that gives memory back, or advises the kernel to. */
struct advice_key {
	u64 ip;
	u32 tgid;
	s32 syscall;
	s32 behavior; /* of madvise(): MADV_*; of fallocate(): its mode; otherwise 0 */
	s32 error;    /* the errno of a call that failed, otherwise 0 */
	s32 stack;
	u32 zero;
};

_Static_assert(sizeof(struct backing_key) == 24, "no padding");
_Static_assert(sizeof(struct site_key) == 48, "no padding");
_Static_assert(sizeof(struct advice_key) == 32, "no padding");

#endif
