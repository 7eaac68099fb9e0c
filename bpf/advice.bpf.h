/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls: where they begin and end a context, which of them give memory back or advise so,
 * and where new backings come into sight. The arguments are still in the registers at the end.
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
			count_lost(LOST_ADVICE, add->calls);
			return;
		}
	}
	__sync_fetch_and_add(&a->calls, add->calls);
	__sync_fetch_and_add(&a->bytes, add->bytes);
	__sync_fetch_and_add(&a->released, add->released);
}

/* Behaviour and bytes of a call that can give memory back; false for every other. A truncate does
 * not say how much it takes away. */
static __always_inline bool advice__of(s32 nr, const struct pt_regs *regs, s32 *behavior,
				       u64 *bytes)
{
	*behavior = 0;
	*bytes = 0;
	switch (nr) {
	case __NR_madvise:
		*behavior = regs->dx;
		*bytes = regs->si;
		return true;
	case __NR_process_madvise:
		*behavior = regs->r10;
		return true;
	case __NR_fallocate:
		*behavior = regs->si;
		*bytes = regs->r10;
		return true;
	case __NR_munmap:
		*bytes = regs->si;
		return true;
	case __NR_mremap:
		*bytes = regs->si;
		return true;
	case __NR_truncate:
	case __NR_ftruncate:
	case __NR_close:
		return true;
	}
	return false;
}

static __always_inline u64 inode__swapped(const struct inode *inode)
{
	const struct shmem_inode_info *info =
		(const void *)inode - bpf_core_field_offset(struct shmem_inode_info, vfs_inode);

	return BPF_CORE_READ(info, swapped);
}

/* The shmem inode that a call is about to give back pages of: NULL if it is none of the table's. */
static __always_inline const struct inode *released_inode(struct task_state *ts,
							  struct task_struct *task, s32 nr,
							  const struct pt_regs *regs,
							  struct backing_key *key)
{
	const struct inode *inode;
	struct backing *b;

	if (nr == __NR_madvise && regs->dx == MADV_REMOVE) {
		if (!task_state__find_vma(ts, task, regs->di) || ts->vma.kind != KIND_SHMEM)
			return NULL;
		*key = ts->vma;
		b = bpf_map_lookup_elem(&backings, key);
		return b ? (const struct inode *)b->inode_address : NULL;
	}
	if ((nr == __NR_fallocate && regs->si & FALLOC_FL_PUNCH_HOLE) || nr == __NR_ftruncate) {
		inode = task__inode(task, regs->di);
		if (inode && inode__key(inode, key) == KIND_SHMEM)
			return inode;
	}
	return NULL;
}

static __always_inline void on_syscall_enter(struct task_struct *task, s32 nr)
{
	struct task_state *ts = task_state__get(task);
	const struct inode *inode;
	struct backing_key key;
	u64 ip;

	if (!ts)
		return;
	ts->events++;
	task_state__end(ts, task);
	task__syscall(task, &ip);
	ts->kernel_fault = 0;
	ts->released = 0;
	ts->gup_access = ACCESS_NONE;
	ts->stacked = 0;
	task_state__enter_syscall(ts, task, nr, ip);
	if (!swap_in_use)
		return;
	inode = released_inode(ts, task, nr, (struct pt_regs *)bpf_task_pt_regs((void *)task),
			       &key);
	ts->swapped = inode ? inode__swapped(inode) : 0;
}

/* Pages that were in swap leave with their swap entries: no page is deleted from the file, but
 * fewer of the inode are swapped (2,048 of 2,048 paged-out pages, one delete event). */
static __always_inline void count_swap_released(struct task_state *ts, struct task_struct *task,
						s32 nr, const struct pt_regs *regs)
{
	struct backing_key key;
	const struct inode *inode = released_inode(ts, task, nr, regs, &key);
	u64 now;

	if (!inode)
		return;
	now = inode__swapped(inode);
	if (now < ts->swapped)
		count_released(task, ts, &key, ts->swapped - now, false);
}

/* Backings come into sight here before anything can be populated in them, so that the kernel's
 * figure at that moment is the one that the books start from. */
static __always_inline void register_backing(struct task_struct *task, s32 nr,
					     const struct pt_regs *regs, long ret)
{
	const struct inode *inode;
	struct backing_key key;
	u64 fd;

	switch (nr) {
	case __NR_memfd_create:
	case __NR_open:
	case __NR_openat:
	case __NR_openat2:
	case __NR_creat:
		fd = ret;
		break;
	case __NR_mmap:
		if (regs->r10 & MAP_ANONYMOUS) {
			if (regs->r10 & MAP_HUGETLB)
				hugetlb_in_use = 1;
			return;
		}
		fd = regs->r8;
		break;
	default:
		return;
	}
	inode = task__inode(task, fd);
	if (inode__is_memory(inode, &key))
		inode__register(inode, &key, 0);
}

static __always_inline void on_syscall_exit(struct task_struct *task, long ret)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs((void *)task);
	s32 nr = (s32)regs->orig_ax;
	struct task_state *ts = task_state__get(task);
	struct advice_key key = {};
	struct advice add = {.calls = 1};

	if (!ts)
		return;
	ts->events++;
	task_state__end_as(ts, task, nr, regs->ip);
	ts->kernel_fault = 0;
	if (stack_kind == STACK_CFI && ret >= 0)
		unwind__on_syscall_exit(ret);
	switch (nr) {
	case __NR_mmap:
	case __NR_munmap:
	case __NR_mremap:
	case __NR_mprotect:
	case __NR_brk:
	case __NR_execve:
	case __NR_execveat:
		__sync_fetch_and_add(&vma_generation, 1);
		break;
	}
	if (nr == __NR_swapon && !ret)
		swap_in_use = 1;
	if (ret >= 0 && is_target(task))
		register_backing(task, nr, regs, ret);
	if (swap_in_use && ret >= 0)
		count_swap_released(ts, task, nr, regs);
	if (!advice__of(nr, regs, &key.behavior, &add.bytes))
		return;
	if (nr == __NR_close && !ts->released)
		return;
	key.ip = regs->ip;
	key.tgid = task->tgid;
	key.syscall = nr;
	key.stack = -1;
	key.error = ret < 0 ? -ret : 0;
	add.released = ts->released;
	ts->released = 0;
	advice__add(&key, &add);
}

#endif
