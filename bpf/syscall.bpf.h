/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What system calls do with memory, one row each. It is a table, because a look-up is one load, and
 * because the verifier would walk every case of a switch. Knows nothing of pages.
 */
#ifndef MIGPOP_SYSCALL_BPF_H
#define MIGPOP_SYSCALL_BPF_H

enum syscall_trait {
	CALL_READS = ACCESS_READ, /* it reads the memory that it populates */
	CALL_WRITES = ACCESS_WRITE,
	CALL_ACCESS = 3,
	CALL_ADDRESS_1 = 1 << 2, /* its first argument is the address */
	CALL_ADDRESS_2 = 1 << 3, /* its second argument is */
	CALL_TELLS = 1 << 4,     /* its arguments tell the access */
	CALL_FILLS = 1 << 5, /* by O_DIRECT it fills memory from the file of its first argument */
	/* By populate_vma_page_range(): it writes to private writable memory, and reads shared
	 * memory. */
	CALL_POPULATES = 1 << 6,
	CALL_HUGETLB = 1 << 7,   /* it can bring pages of huge memory, or take them away */
	CALL_REMAPS = 1 << 8,    /* it changes VMAs */
	CALL_OPENS = 1 << 9,     /* it returns the descriptor of a file that may be memory */
	CALL_RELEASES = 1 << 10, /* it gives memory back, or advises the kernel to */
	CALL_INTO_1 = 1 << 11,   /* it writes what it reads into the file of its first argument */
	CALL_INTO_3 = 1 << 12,   /* the same with its third argument */
	/* It pins memory for a ring or a device. GUP is asked to write (FOLL_WRITE), but the call
	 * writes nothing: pages of a hole stay zero. */
	CALL_PINS = 1 << 13,
	CALL_FILES = CALL_FILLS | CALL_INTO_1 | CALL_INTO_3,
	CALLS_MAX = 512,
};

static const u16 syscall_traits[CALLS_MAX] = {
#ifdef __NR_open /* newer architectures have only openat() */
	[__NR_open] = CALL_OPENS,
	[__NR_creat] = CALL_OPENS,
#endif
	[__NR_brk] = CALL_REMAPS,
	[__NR_close] = CALL_HUGETLB | CALL_RELEASES,
	[__NR_copy_file_range] = CALL_INTO_3,
	[__NR_execve] = CALL_REMAPS,
	[__NR_execveat] = CALL_REMAPS,
	[__NR_exit_group] = CALL_HUGETLB,
	[__NR_fallocate] = CALL_HUGETLB | CALL_RELEASES,
	[__NR_ftruncate] = CALL_HUGETLB | CALL_RELEASES,
	[__NR_io_submit] = CALL_TELLS | CALL_HUGETLB,
	[__NR_io_uring_register] = CALL_PINS | CALL_HUGETLB,
	[__NR_ioctl] = CALL_TELLS | CALL_HUGETLB,
	[__NR_madvise] = CALL_TELLS | CALL_ADDRESS_1 | CALL_HUGETLB | CALL_RELEASES,
	[__NR_memfd_create] = CALL_OPENS,
	[__NR_mlock] = CALL_POPULATES | CALL_HUGETLB,
	[__NR_mlock2] = CALL_POPULATES | CALL_HUGETLB,
	[__NR_mlockall] = CALL_POPULATES | CALL_HUGETLB,
	[__NR_mmap] = CALL_POPULATES | CALL_HUGETLB | CALL_REMAPS,
	[__NR_mprotect] = CALL_REMAPS,
	[__NR_mremap] = CALL_HUGETLB | CALL_REMAPS | CALL_RELEASES,
	[__NR_munmap] = CALL_HUGETLB | CALL_REMAPS | CALL_RELEASES,
	[__NR_openat] = CALL_OPENS,
	[__NR_openat2] = CALL_OPENS,
	[__NR_pread64] = CALL_FILLS | CALL_ADDRESS_2,
	[__NR_preadv] = CALL_FILLS | CALL_HUGETLB,
	[__NR_preadv2] = CALL_FILLS | CALL_HUGETLB,
	[__NR_process_madvise] = CALL_TELLS | CALL_HUGETLB | CALL_RELEASES,
	[__NR_process_vm_readv] = CALL_TELLS | CALL_READS | CALL_HUGETLB,
	[__NR_process_vm_writev] = CALL_TELLS | CALL_WRITES | CALL_HUGETLB,
	[__NR_pwrite64] = CALL_INTO_1 | CALL_ADDRESS_2,
	[__NR_pwritev] = CALL_INTO_1,
	[__NR_pwritev2] = CALL_INTO_1,
	[__NR_ptrace] = CALL_TELLS | CALL_HUGETLB,
	[__NR_read] = CALL_FILLS | CALL_ADDRESS_2,
	[__NR_readv] = CALL_FILLS | CALL_HUGETLB,
	[__NR_sendfile] = CALL_INTO_1,
	/* By MSG_ZEROCOPY. Without it the kernel copies, and faults if a page is not there. */
	[__NR_sendmmsg] = CALL_TELLS | CALL_READS,
	[__NR_sendmsg] = CALL_TELLS | CALL_READS,
	[__NR_sendto] = CALL_TELLS | CALL_READS | CALL_ADDRESS_2,
	[__NR_setsockopt] = CALL_PINS, /* XDP_UMEM_REG */
	[__NR_shmdt] = CALL_HUGETLB,
	[__NR_splice] = CALL_INTO_3,
	[__NR_truncate] = CALL_HUGETLB | CALL_RELEASES,
	[__NR_vmsplice] = CALL_TELLS | CALL_READS | CALL_HUGETLB,
	[__NR_write] = CALL_INTO_1 | CALL_ADDRESS_2,
	[__NR_writev] = CALL_INTO_1,
};

static __always_inline u32 syscall__traits(s32 nr)
{
	u32 at = nr;

	if (at >= CALLS_MAX)
		return 0;
	/* 6.1 loses the bounds of a number that is put on the stack meanwhile: the mask says again
	 * what clang knows. */
	asm volatile("" : "+r"(at));
	return syscall_traits[at & (CALLS_MAX - 1)];
}

/* True if an ioctl pins memory for a device, by the types of their numbers (linux/ioctl.h). */
static __always_inline bool ioctl__pins(u32 cmd)
{
	switch (cmd >> 8 & 0xff) {
	case 0x1b: /* RDMA_IOCTL_MAGIC: registering memory */
	case ';':  /* VFIO and iommufd: mapping memory for DMA */
	case 'u':  /* udmabuf */
		return true;
	}
	return cmd == KVM_MEMORY_ENCRYPT_REG_REGION;
}

static __always_inline enum access madvise__access(u32 advice)
{
	return advice == MADV_POPULATE_READ    ? ACCESS_READ
	       : advice == MADV_POPULATE_WRITE ? ACCESS_WRITE
					       : ACCESS_NONE;
}

static __always_inline enum access ptrace__access(u32 request)
{
	return request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA   ? ACCESS_READ
	       : request == PTRACE_POKETEXT || request == PTRACE_POKEDATA ? ACCESS_WRITE
									  : ACCESS_NONE;
}

static __always_inline enum access io_uring__access(u8 opcode)
{
	if (opcode >= 64)
		return ACCESS_NONE;
	return IO_URING_WRITES >> opcode & 1  ? ACCESS_WRITE
	       : IO_URING_READS >> opcode & 1 ? ACCESS_READ
					      : ACCESS_NONE;
}

/* Returns the access of the request that a worker of io_uring works on. */
static __always_inline enum access io_worker__access(const struct task_struct *task)
{
	const struct io_worker *worker;
	const struct io_wq_work *work;
	const struct io_kiocb *request;

	if (!bpf_core_field_exists(struct task_struct, worker_private) ||
	    !bpf_core_field_exists(struct io_worker, cur_work) ||
	    !bpf_core_field_exists(struct io_kiocb, work) ||
	    !bpf_core_field_exists(struct io_kiocb, opcode))
		return ACCESS_NONE;
	worker = BPF_CORE_READ(task, worker_private);
	if (!worker)
		return ACCESS_NONE; /* the thread that polls the queue for a process */
	work = BPF_CORE_READ(worker, cur_work);
	if (!work)
		return ACCESS_NONE;
	request = (const void *)work - bpf_core_field_offset(struct io_kiocb, work);
	return io_uring__access(BPF_CORE_READ(request, opcode));
}

/* Makes the system call "nr" the present context: with its access, and its address if an argument
 * names one. */
static __always_inline void task_state__enter_syscall(struct task_state *ts,
						      struct task_struct *task, s32 nr, u64 ip)
{
	u32 traits = syscall__traits(nr);
	struct pt_regs *regs;

	ts->context = CONTEXT_SYSCALL;
	ts->syscall = nr;
	ts->ip = ip;
	ts->access = traits & CALL_ACCESS;
	ts->pins = !!(traits & CALL_PINS);
	ts->address = 0;
	ts->fault = 0;
	ts->entry_ns = 0;
	if (!ts->stacked)
		ts->stack = STACK_NOT_TAKEN;
	ts->maj_flt = task->maj_flt;
	if (nr == SYSCALL_IO_URING)
		ts->access = io_worker__access(task);
	/* For the call, and for the thread that polls the queue in place of calls. */
	if (nr == __NR_io_uring_enter || (nr == SYSCALL_IO_URING && ts->access == ACCESS_NONE))
		ts->access = ts->uring_access;
	if (nr < 0)
		return;
	regs = (struct pt_regs *)bpf_task_pt_regs((void *)task);
	if (traits & CALL_ADDRESS_1)
		ts->address = regs__arg1(regs);
	if (traits & CALL_ADDRESS_2)
		ts->address = regs__arg2(regs);
	if (nr == __NR_madvise)
		ts->access = madvise__access(regs__arg3(regs));
	if (nr == __NR_process_madvise)
		ts->access = madvise__access(regs__arg4(regs));
	if (nr == __NR_ptrace)
		ts->access = ptrace__access(regs__arg1(regs));
	if (nr != __NR_ioctl)
		return;
	ts->pins = ioctl__pins(regs__arg2(regs));
	ts->access = (u32)regs__arg2(regs) == UFFDIO_COPY ? ACCESS_WRITE : ts->gup_access;
}

#endif
