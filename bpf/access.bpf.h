/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Says how a system call touches the memory that it populates without a fault: whether it reads or
 * writes, by GUP or in the file itself. Knows nothing of pages: the memory is the backing in the
 * thread's key.
 */
#ifndef MIGPOP_ACCESS_BPF_H
#define MIGPOP_ACCESS_BPF_H

enum { IOCBS_MAX = 32 };

/* The members of struct iocb (include/uapi/linux/aio_abi.h) up to the last one that is needed. */
struct iocb_head {
	u64 data;
	u32 key, rw_flags;
	u16 opcode;
};

/* What all requests so far do. "mixed": some read files, others write them. */
struct iocbs {
	u64 at;
	enum access access;
	u32 mixed;
};

static long iocb__look(u32 i, struct iocbs *all)
{
	enum access found = ACCESS_NONE;
	struct iocb_head head;
	u64 iocb;

	if (bpf_probe_read_user(&iocb, sizeof(iocb), (void *)(all->at + i * sizeof(iocb))) ||
	    bpf_probe_read_user(&head, sizeof(head), (void *)iocb))
		all->mixed = 1;
	else if (head.opcode == IOCB_CMD_PREAD || head.opcode == IOCB_CMD_PREADV)
		found = ACCESS_WRITE;
	else if (head.opcode == IOCB_CMD_PWRITE || head.opcode == IOCB_CMD_PWRITEV)
		found = ACCESS_READ;
	if (found == ACCESS_NONE)
		return all->mixed & 1;
	if (all->access != ACCESS_NONE && all->access != found)
		all->mixed = 1;
	all->access = found;
	return all->mixed & 1;
}

/* Returns the access of io_submit(): what all its requests do. If some read files and others write
 * files, a page does not tell which request it is for: ACCESS_NONE. By bpf_loop(): in each of ten
 * programs, the verifier would go through an unrolled loop for 50 ms. */
static __always_inline enum access iocbs__access(const struct pt_regs *regs)
{
	struct iocbs all = {.at = regs__arg3(regs)};
	u64 n = regs__arg2(regs);

	if (n > IOCBS_MAX)
		return ACCESS_NONE;
	bpf_loop(n, iocb__look, &all, 0);
	return all.mixed ? ACCESS_NONE : all.access;
}

/* Returns the access of a call that moves data between memory and the file "inode". Pages of that
 * file itself are written, or read into its page cache; pages that are pinned in order to write
 * them elsewhere (O_DIRECT) are read. For /proc/PID/mem it is the other way around: reading the
 * file reads another process's memory. */
static __always_inline enum access file__access(const struct inode *inode, u32 traits,
						const struct backing_key *of)
{
	struct backing_key key;
	bool own;

	inode__key(inode, &key);
	if (BPF_CORE_READ(inode, i_sb, s_magic) == MAGIC_PROC)
		return traits & CALL_FILLS ? ACCESS_READ : ACCESS_WRITE;
	own = !of->tgid && key.id == of->id && key.dev == of->dev;
	return !(traits & CALL_FILLS) == own ? ACCESS_WRITE : ACCESS_READ;
}

/* Returns the access of the current thread's system call to ts->key.backing, by the call's
 * arguments. ACCESS_NONE if the thread is in another call by now, or the file is closed. */
__noinline int thread__argument_access(u64 of)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs((void *)task);
	struct task_state *ts = task_state__of(of);
	const struct inode *inode;
	struct backing_key key;
	u32 traits;

	if (!ts || (u64)task != of || regs__syscall(regs) != ts->syscall)
		return ACCESS_NONE;
	if (ts->syscall == __NR_io_submit)
		return iocbs__access(regs);
	traits = syscall__traits(ts->syscall);
	inode = task__inode(task, traits & CALL_INTO_3 ? regs__arg3(regs) : regs__arg1(regs));
	if (!inode)
		return ACCESS_NONE;
	key = ts->key.backing;
	return file__access(inode, traits, &key);
}

/* Returns how the present system call touches ts->key.backing. "told" is the access that GUP's
 * fault said, in a mode that sees it. What the call does with the memory in the end takes
 * precedence: a device that pins the memory that it is given asks to write (FOLL_WRITE), and nobody
 * writes. */
static __always_inline enum access task_state__call_access(struct task_state *ts, bool is_told,
							   enum access told)
{
	u32 traits = syscall__traits(ts->syscall), kind = ts->key.backing.kind;

	if (ts->pins)
		return ACCESS_READ;
	if (traits & CALL_FILES)
		return thread__argument_access(task_state__thread(ts));
	if (is_told)
		return told;
	if (ts->syscall == __NR_io_submit)
		return thread__argument_access(task_state__thread(ts));
	if (traits & CALL_TELLS)
		return ts->access;
	if (kind != KIND_SHMEM && kind != KIND_HUGETLB && kind != KIND_FILE)
		return ACCESS_WRITE;
	return traits & CALL_POPULATES ? ACCESS_READ : ACCESS_NONE;
}

#endif
