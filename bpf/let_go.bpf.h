/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private pages that a process unmaps. The process's own figure falls at once, but the pages are
 * not free yet: some wait in a batch of a CPU (since 6.12), a child may hold others. What the
 * figure falls by during a call is what the call releases, unless another thread changes the figure
 * meanwhile. In that case the call releases what it frees itself, and the rest is the uncertainty
 * of the books. Knows nothing of windows.
 */
#ifndef MIGPOP_LET_GO_BPF_H
#define MIGPOP_LET_GO_BPF_H

/* A process has a child with a copy of its memory ("mm"), or with that memory itself: vfork(). From
 * here on both hold what the process had. */
static __always_inline void process__forks(u32 tgid, u64 mm)
{
	struct process *p = bpf_map_lookup_elem(&processes, &tgid);

	if (!p || p->mm == mm)
		return;
	/* The figures of a window that has closed belong to its record, and are not taken again. */
	if (!p->exited)
		process__look(tgid, EDGE_CLOSE_BEFORE);
	p->shared += p->edges[p->exited ? EDGE_CLOSE : EDGE_CLOSE_BEFORE].anon;
	p->forked_ns = bpf_ktime_get_boot_ns();
	forked = 1;
}

struct unmapping {
	u64 address, end;
	u64 vma_start, vma_end; /* the VMA that was looked at last */
	u32 anonymous;          /* there may be anonymous pages */
	u32 huge; /* there may be huge pages, and the kernel splits one of which a part is freed */
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
	u->vma_start = BPF_CORE_READ(vma, vm_start);
	u->vma_end = BPF_CORE_READ(vma, vm_end);
	if (!bpf_core_field_exists(struct vm_area_struct, anon_vma) || BPF_CORE_READ(vma, anon_vma))
		u->anonymous = 1;
	if (vma__may_be_huge(vma))
		u->huge = 1;
	return 0;
}

/* Looks at the first VMA of the range and at the last one: the stack of a thread begins with its
 * guard, which is a VMA by itself. If a VMA cannot be looked at now, or if there are others between
 * the two, assumes that there may be such pages. */
static __always_inline void unmapping__look(struct unmapping *u, struct task_struct *task)
{
	u64 first_end;

	if (bpf_find_vma(task, u->address, unmapping__found, u, 0))
		goto unknown;
	first_end = u->vma_end;
	if (first_end >= u->end)
		return;
	if (!bpf_find_vma(task, u->end - 1, unmapping__found, u, 0) && u->vma_start == first_end)
		return;
unknown:
	u->anonymous = 1;
	if (huge_always)
		u->huge = 1;
}

#ifndef MADV_DONTNEED_LOCKED /* since 5.18 */
#define MADV_DONTNEED_LOCKED 24
#endif
#ifndef MADV_GUARD_INSTALL /* since 6.13 */
#define MADV_GUARD_INSTALL 102
#endif

static __always_inline bool madvise__unmaps(u32 advice)
{
	return advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_DONTNEED_LOCKED ||
	       advice == MADV_GUARD_INSTALL;
}

/* Stores the range that a call is about to unmap. False if it unmaps none. */
static __always_inline bool syscall__unmapping(s32 nr, const struct pt_regs *regs,
					       struct unmapping *u)
{
	u64 len = regs__arg2(regs);

	u->address = regs__arg1(regs);
	switch (nr) {
	case __NR_munmap:
		break;
	case __NR_madvise:
		if (!madvise__unmaps(regs__arg3(regs)))
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

/* Returns how many private pages a process has, mapped or in swap: exact but for what other threads
 * do meanwhile. FIGURE_UNKNOWN if each CPU or thread holds back a part that cannot be read. */
__noinline s64 process__private_pages(u32 tgid)
{
	struct process *p = bpf_map_lookup_elem(&processes, &tgid);
	struct rss rss = {};

	if (!p || !p->mm || !nr_cpu_offsets || bpf_core_type_exists(struct mm_rss_stat))
		return FIGURE_UNKNOWN;
	mm__rss((const struct mm_struct *)p->mm, &rss);
	return rss.sum[MM_ANONPAGES] + rss.sum[MM_SWAPENTS];
}

/* The current thread begins to unmap a range. Other threads are told first: pages that they
 * allocate from here on they count in process.moved, and pages that they had allocated before are
 * in flight. */
__noinline int current__begins_to_unmap(u64 pages, u64 huge)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *ts = task_state__find(task);
	u32 tgid = task->tgid;
	struct process *p = bpf_map_lookup_elem(&processes, &tgid);

	if (!p || !ts)
		return 0;
	__sync_fetch_and_add(&nr_unmapping, 1);
	ts->is_unmapping = 1;
	ts->unmaps = pages;
	ts->unmaps_huge = huge;
	ts->unmaps_freed = 0;
	ts->unmaps_moved = __sync_fetch_and_add(&p->moved, 1) + 1;
	ts->unmaps_flying = process__in_flight(tgid);
	ts->unmaps_private = process__private_pages(tgid);
	return 0;
}

/* The current thread begins a call that may unmap private pages. */
__noinline int current__lets_go(s32 nr)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs((void *)task);
	struct unmapping u = {};
	u32 tgid = task->tgid;
	struct process *p = bpf_map_lookup_elem(&processes, &tgid);
	struct task_state *ts;
	u64 brk, pages;

	if (!p || p->exited)
		return 0;
	if (nr == __NR_execve || nr == __NR_execveat) {
		process__look(tgid, EDGE_CLOSE_BEFORE);
		p->exec_anon = p->edges[EDGE_CLOSE_BEFORE].anon;
		ts = task_state__find(task);
		if (ts)
			ts->unmaps_freed = 0;
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
	unmapping__look(&u, task);
	pages = (u.end - u.address + 4095) >> PAGE_SHIFT;
	if (!u.anonymous)
		return 0;
	/* The kernel unmaps these pages when it is short of memory. */
	if (nr == __NR_madvise && regs__arg3(regs) == MADV_FREE) {
		__sync_fetch_and_add(&p->let_go, pages);
		if (u.huge)
			__sync_fetch_and_add(&p->let_go_huge, pages);
		return 0;
	}
	current__begins_to_unmap(pages, u.huge ? pages : 0);
	return 0;
}

/* A call has released "pages" of private memory, and freed "freed" of them itself: the others wait.
 * If it has freed more than it released, the difference had waited before. */
static __always_inline void process__settle_waiting(struct process *p, u64 pages, u64 freed)
{
	u64 waited = freed > pages ? freed - pages : 0;

	if (pages > freed)
		__sync_fetch_and_add(&p->waits, pages - freed);
	else if (waited)
		__sync_fetch_and_sub(&p->waits, waited < p->waits ? waited : p->waits);
}

/* Does the same if the figure also has what other threads did meanwhile: the call has unmapped no
 * more than "most". */
static __always_inline void process__let_go(struct process *p, u64 most, u64 freed, bool huge)
{
	u64 waited = freed < p->waits ? freed : p->waits;
	u64 pages = (most > freed ? most - freed : 0) + waited;

	__sync_fetch_and_add(&p->let_go, pages);
	if (huge)
		__sync_fetch_and_add(&p->let_go_huge, pages);
}

/* The current thread ends such a call. */
__noinline int current__has_let_go(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *ts = task_state__find(task);
	u32 tgid = task->tgid;
	struct process *p = bpf_map_lookup_elem(&processes, &tgid);
	struct backing_key key = {.kind = KIND_ANON, .tgid = tgid};
	u64 most, released, moved;
	s64 now, fell;

	if (!ts || !p)
		return 0;
	now = process__private_pages(tgid);
	moved = p->moved - ts->unmaps_moved + ts->unmaps_flying;
	__sync_fetch_and_add(&p->moved, 1);
	__sync_fetch_and_sub(&nr_unmapping, 1);
	fell = ts->unmaps_private - now;
	if (fell < 0)
		fell = 0;
	released = ts->unmaps_freed;
	if (now < 0 || ts->unmaps_private < 0) {
		process__let_go(p, ts->unmaps, released, ts->unmaps_huge);
	} else if (moved) {
		most = (u64)fell + moved;
		process__let_go(p, most < ts->unmaps ? most : ts->unmaps, released,
				ts->unmaps_huge);
	} else {
		process__settle_waiting(p, fell, released);
		released = fell;
	}
	ts->is_unmapping = 0;
	if (released)
		count_released(task, ts, &key, released, 0);
	return 0;
}

#endif
