/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The begin and the end of system calls: they begin and end a context, give memory back or advise
 * the kernel to, and bring new backings into sight. At the end the arguments are still in the
 * registers.
 */
#ifndef MIGPOP_ADVICE_BPF_H
#define MIGPOP_ADVICE_BPF_H

static __always_inline void advice__add(const struct advice_key *key, const struct advice *add)
{
	struct advice *a = bpf_map_lookup_elem(&advices, key);

	if (!a) {
		if (!bpf_map_update_elem(&advices, key, add, BPF_NOEXIST))
			return;
		a = bpf_map_lookup_elem(&advices, key);
		if (!a) {
			process__lose(key->tgid, LOST_ADVICE, add->calls);
			return;
		}
	}
	__sync_fetch_and_add(&a->calls, add->calls);
	__sync_fetch_and_add(&a->bytes, add->bytes);
	__sync_fetch_and_add(&a->released, add->released);
}

/* Counts the call that the current thread ends, and that gives memory back or advises the kernel
 * to. */
__noinline int current__count_advice(s32 nr, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs((void *)task);
	struct task_state *ts = task_state__find(task);
	struct advice_key key = {};
	struct advice add = {.calls = 1};

	if (!ts || (!is_target(task) && !ts->released))
		return 0;
	key.ip = regs__ip(regs);
	key.tgid = task->tgid;
	key.syscall = nr;
	key.stack = ts->stack;
	key.error = ret < 0 ? -ret : 0;
	add.released = ts->released;
	ts->released = 0;
	/* truncate() does not say how much it takes away. */
	if (nr == __NR_madvise)
		key.behavior = regs__arg3(regs);
	else if (nr == __NR_process_madvise)
		key.behavior = regs__arg4(regs);
	else if (nr == __NR_fallocate)
		key.behavior = regs__arg2(regs);
	if (nr == __NR_madvise || nr == __NR_munmap || nr == __NR_mremap)
		add.bytes = regs__arg2(regs);
	else if (nr == __NR_fallocate)
		add.bytes = regs__arg4(regs);
	advice__add(&key, &add);
	return 0;
}

/* Returns the shmem inode whose pages a call is about to give back; NULL if it is not in the
 * table. */
static __always_inline const struct inode *released_inode(struct task_state *ts,
							  struct task_struct *task, s32 nr,
							  const struct pt_regs *regs,
							  struct backing_key *key)
{
	const struct inode *inode;
	struct backing *b;

	if (nr == __NR_madvise && regs__arg3(regs) == MADV_REMOVE) {
		if (!task_state__find_vma(ts, regs__arg1(regs)) || ts->vma.kind != KIND_SHMEM)
			return NULL;
		*key = ts->vma;
		b = bpf_map_lookup_elem(&backings, key);
		return b ? (const struct inode *)b->inode_address : NULL;
	}
	if ((nr == __NR_fallocate && regs__arg2(regs) & FALLOC_FL_PUNCH_HOLE) ||
	    nr == __NR_ftruncate) {
		inode = task__inode(task, regs__arg1(regs));
		if (inode && inode__key(inode, key) == KIND_SHMEM)
			return inode;
	}
	return NULL;
}

/* Counts pages that a call gives back from swap. They leave with their swap entries: no page is
 * deleted from the file, but fewer pages of the inode are swapped (2,048 pages less for 2,048 that
 * were paged out, and one delete event). So the figure is read when the call begins, and again when
 * it has ended. */
__noinline int current__look_at_swap(s32 nr, bool ended)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *ts = task_state__find(task);
	const struct inode *inode;
	struct backing_key key;
	u64 now;

	if (!ts)
		return 0;
	inode = released_inode(ts, task, nr, (struct pt_regs *)bpf_task_pt_regs((void *)task),
			       &key);
	now = inode ? inode__swapped(inode) : 0;
	if (!ended)
		ts->swapped = now;
	else if (inode && now < ts->swapped)
		count_released(task, ts, &key, ts->swapped - now, false);
	return 0;
}

/* Enters an ordinary file into the table if the current thread maps it as memory. */
__noinline int current__enter_mapped_file(u64 protection, u64 fd)
{
	const struct task_struct *task = bpf_get_current_task_btf();
	const struct file *file = task__file(task, fd);

	if (file && file__is_memory(file, protection & PROT_WRITE))
		inode__enter_file((u64)BPF_CORE_READ(file, f_inode), task->tgid);
	return 0;
}

static __always_inline void on_syscall_enter(void *ctx, struct task_struct *task,
					     struct task_state *ts, s32 nr)
{
	u32 traits = syscall__traits(nr);
	u64 ip;

	task_state__forget_function(ts);
	task_state__end(ts, task);
	task__syscall(task, &ip);
	ts->kernel_fault = 0;
	ts->released = 0;
	ts->gup_access = ts->uring_access = ACCESS_NONE;
	ts->stacked = 0;
	task_state__enter_syscall(ts, task, nr, ip);
	/* A call that gives memory back needs its chain for every page, in many programs. The chain
	 * is taken here, in one program. */
	if (traits & (CALL_RELEASES | CALL_REMAPS) || (traits & CALL_HUGETLB && hugetlb_in_use))
		task_state__take_syscall_stack(ts, ctx, task, UNWIND_IN_SYS_ENTER);
	task_state__forget_unmapping(ts);
	if (traits & (CALL_RELEASES | CALL_REMAPS) && is_target(task))
		current__lets_go(nr);
	if (swap_in_use)
		current__look_at_swap(nr, false);
	/* The file is entered before the call, since MAP_POPULATE populates it before the call
	 * ends. */
	if (nr == __NR_mmap && is_target(task)) {
		const struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs((void *)task);

		if (!(regs__arg4(regs) & MAP_ANONYMOUS))
			current__enter_mapped_file(regs__arg3(regs), regs__arg5(regs));
	}
}

/* Enters the inode of the current thread's file "fd" into the table, if it is memory. */
__noinline int current__enter_file(u64 fd)
{
	const struct task_struct *task = bpf_get_current_task_btf();
	const struct inode *inode = task__inode(task, fd);
	struct backing_key key;

	if (inode__is_memory(inode, &key))
		inode__enter((u64)inode, 0, task->tgid);
	return 0;
}

/* Enters a backing into the table before anything can be populated in it, so that the books start
 * from the kernel's figure at that moment. */
static __always_inline void register_backing(u32 traits, s32 nr, const struct pt_regs *regs,
					     long ret)
{
	if (traits & CALL_OPENS)
		current__enter_file(ret);
	if (nr != __NR_mmap)
		return;
	if (!(regs__arg4(regs) & MAP_ANONYMOUS))
		current__enter_file(regs__arg5(regs));
	else if (regs__arg4(regs) & MAP_HUGETLB)
		hugetlb_in_use = 1;
}

static __always_inline void on_syscall_exit(struct task_struct *task, struct task_state *ts,
					    long ret)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs((void *)task);
	s32 nr = (s32)regs__syscall(regs);
	u32 traits = syscall__traits(nr);

	task_state__end_as(ts, task, nr, regs__ip(regs));
	ts->kernel_fault = 0;
	if (ts->is_unmapping)
		current__has_let_go();
	if (stack_kind == STACK_CFI && ret >= 0)
		unwind__on_syscall_exit(ret);
	if (traits & CALL_REMAPS)
		__sync_fetch_and_add(&vma_generation, 1);
	if (nr == __NR_swapon && !ret)
		swap_in_use = 1;
	if (ret >= 0 && is_target(task))
		register_backing(traits, nr, regs, ret);
	if (swap_in_use && ret >= 0)
		current__look_at_swap(nr, true);
	if (traits & CALL_RELEASES && (nr != __NR_close || ts->released))
		current__count_advice(nr, ret);
}

#endif
