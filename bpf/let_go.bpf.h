/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Anonymous pages that a process maps no more and that are not free yet: its own figure falls at
 * once, they are counted as released when they are freed. How many there may be is the uncertainty
 * of its books. Knows nothing of windows.
 */
#ifndef MIGPOP_LET_GO_BPF_H
#define MIGPOP_LET_GO_BPF_H

/* A process has a child with a copy of its memory ("mm"), or with that memory itself: vfork(). What
 * it had is held by both from here on. */
static __always_inline void process__forks(u32 tgid, u64 mm)
{
	struct process *p = bpf_map_lookup_elem(&processes, &tgid);

	if (!p || p->exited || p->mm == mm)
		return;
	process__look(tgid, EDGE_CLOSE_BEFORE);
	p->shared += p->edges[EDGE_CLOSE_BEFORE].anon;
	forked = 1;
}

struct unmapping {
	u64 address, end;
	u32 anonymous; /* there may be such pages, */
	u32 huge;      /* and huge ones, of which a part is freed when the kernel splits them */
};

static __always_inline bool vma__may_be_huge(const struct vm_area_struct *vma)
{
	const u64 mask = (2 << 20) - 1, flags = BPF_CORE_READ(vma, vm_flags);

	return (BPF_CORE_READ(vma, vm_end) & ~mask) >
		       ((BPF_CORE_READ(vma, vm_start) + mask) & ~mask) &&
	       !(flags & VM_NOHUGEPAGE) && (huge_always || flags & VM_HUGEPAGE);
}

static long unmapping__found(struct task_struct *task, struct vm_area_struct *vma,
			     struct unmapping *u)
{
	u->anonymous = !bpf_core_field_exists(struct vm_area_struct, anon_vma) ||
		       BPF_CORE_READ(vma, anon_vma) || BPF_CORE_READ(vma, vm_end) < u->end;
	u->huge = vma__may_be_huge(vma);
	return 0;
}

/* The range that a call is about to unmap; false if it unmaps none. */
static __always_inline bool syscall__unmapping(s32 nr, const struct pt_regs *regs,
					       struct unmapping *u)
{
	u64 len = regs__arg2(regs);

	u->address = regs__arg1(regs);
	switch (nr) {
	case __NR_munmap:
		break;
	case __NR_madvise:
		if (regs__arg3(regs) != MADV_DONTNEED && regs__arg3(regs) != MADV_FREE)
			return false;
		break;
	case __NR_mmap:
		if (!(regs__arg4(regs) & MAP_FIXED))
			return false;
		break;
	case __NR_mremap:
		if (len <= regs__arg3(regs))
			return false;
		u->address += regs__arg3(regs);
		len -= regs__arg3(regs);
		break;
	default:
		return false;
	}
	u->end = u->address + len;
	return true;
}

/* The current thread begins a call by which anonymous pages may be unmapped. They are free later:
 * some wait in a batch of a CPU (since 6.12), a child may hold others. */
__noinline int current__lets_go(s32 nr)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs((void *)task);
	struct unmapping u = {.anonymous = 1};
	u32 tgid = task->tgid;
	struct process *p = bpf_map_lookup_elem(&processes, &tgid);
	u64 brk, pages;

	if (!p || p->exited)
		return 0;
	if (nr == __NR_execve || nr == __NR_execveat) {
		process__look(tgid, EDGE_CLOSE_BEFORE);
		p->exec_anon = p->edges[EDGE_CLOSE_BEFORE].anon;
		return 0;
	}
	if (nr == __NR_brk && bpf_core_field_exists(struct mm_struct, brk)) {
		brk = BPF_CORE_READ(task, mm, brk);
		u.address = regs__arg1(regs);
		u.end = u.address && u.address < brk ? brk : u.address;
	} else if (!syscall__unmapping(nr, regs, &u)) {
		return 0;
	}
	if (u.end <= u.address)
		return 0;
	/* Where the VMA cannot be looked at now, there may be. */
	bpf_find_vma(task, u.address, unmapping__found, &u, 0);
	pages = (u.end - u.address + 4095) >> PAGE_SHIFT;
	if (u.anonymous)
		__sync_fetch_and_add(&p->let_go, pages);
	if (u.anonymous && u.huge)
		__sync_fetch_and_add(&p->let_go_huge, pages);
	return 0;
}

#endif
