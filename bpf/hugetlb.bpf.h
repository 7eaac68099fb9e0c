/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Huge pages of the pool. No event tells of them, so they are found by the kernel's counters.
 */
#ifndef MIGPOP_HUGETLB_BPF_H
#define MIGPOP_HUGETLB_BPF_H

/* Counts pages of hugetlb memory that came or went since the kernel's counters were last looked at:
 * i_blocks of a shared file, hugetlb_usage of a process for private mappings. Sums are exact. If
 * threads fault at the same instant, the first to look gets the pages of both. */
__noinline int thread__count_hugetlb(u64 of, u32 tgid, u32 file, s64 delta)
{
	struct task_state *ts = task_state__of(of);
	struct site_key *key;
	struct site *add;

	if (!ts)
		return 0;
	key = &ts->key;
	add = &ts->add;
	__builtin_memset(add, 0, sizeof(*add));
	task_state__key(ts, tgid, key);
	if (file < HUGETLB_FILES_MAX) {
		key->backing = hugetlb_files[file];
	} else if (ts->vma.kind == KIND_HUGETLB && ts->vma.tgid) {
		key->backing = ts->vma;
	} else {
		key->backing.kind = KIND_HUGETLB;
		key->backing.tgid = tgid;
	}
	key->context = ts->context;
	key->access = ts->access;
	if (ts->context == CONTEXT_SYSCALL)
		key->access = task_state__call_access(ts, ts->in_function, ts->access);
	if (delta > 0) {
		add->populated = delta;
		if (key->access == ACCESS_READ)
			add->zero_populated = delta;
		add->faults = ts->fault;
		ts->fault = 0;
	} else {
		add->released = -delta;
		key->access = ACCESS_NONE;
		ts->released += -delta;
	}
	task_state__count(ts, key, add);
	return 0;
}

/* Returns how many pages the file has gained since it was last looked at. If its counting has
 * ended, the pages that it had then are compared. */
static __always_inline s64 backing__take(const struct backing_key *key, struct backing *b)
{
	u64 now = b->exited ? b->exit_pages : backing__pages_now(key, b);

	return (s64)(now - __sync_lock_test_and_set(&b->blocks, now));
}

struct hugetlb_scan {
	u64 of;
	u32 tgid;
	s64 shared; /* pages that shared files gained or lost */
};

static long hugetlb_file__scan(u32 i, struct hugetlb_scan *scan)
{
	struct backing_key key;
	struct backing *b;
	s64 delta;

	if (i >= HUGETLB_FILES_MAX)
		return 1;
	if (!hugetlb_files[i].id) /* there is no file, or it was removed */
		return 0;
	key = hugetlb_files[i];
	b = bpf_map_lookup_elem(&backings, &key);
	/* Pages that come while nobody counts are in no window: the next window begins with
	 * them. */
	if (!b || (!backing__counts(b) && !b->exited))
		return 0;
	/* The file is in the record of another window, whose process looks itself. */
	if (windowed && b->owner != scan->tgid && tgid__counts(b->owner))
		return 0;
	delta = backing__take(&key, b);
	scan->shared += delta;
	if (delta)
		thread__count_hugetlb(scan->of, scan->tgid, i, delta);
	return 0;
}

/* True if the system call can bring pages of huge memory, or take them away. What other calls would
 * find is another thread's doing, which looks itself. */
static __always_inline bool syscall__moves_hugetlb(struct task_state *ts)
{
	u32 traits = syscall__traits(ts->syscall);

	if (traits & CALL_HUGETLB || ts->syscall < SYSCALL_NONE) /* workers */
		return true;
	/* O_DIRECT */
	return traits & CALL_ADDRESS_2 && task_state__find_vma(ts, ts->address) &&
	       ts->vma.kind == KIND_HUGETLB;
}

/* Looks at the memory that the present context may have populated or given back. At the end of the
 * system call "exit_nr" the call itself may have done so, whatever the last fault was about. */
__noinline int thread__settle_hugetlb(u64 of, s32 exit_nr, u64 exit_ip)
{
	const struct task_struct *task = (const struct task_struct *)of;
	const struct mm_struct *mm = BPF_CORE_READ(task, mm);
	struct task_state *ts = task_state__of(of);
	struct hugetlb_scan scan = {.of = of, .tgid = BPF_CORE_READ(task, tgid)};
	struct process *process;
	s64 usage, delta;

	if (!ts)
		return 0;
	if (ts->context != CONTEXT_SYSCALL &&
	    !(task_state__find_vma(ts, ts->address) && ts->vma.kind == KIND_HUGETLB)) {
		if (exit_nr == SYSCALL_NONE)
			return 0;
		task_state__enter_syscall(ts, bpf_get_current_task_btf(), exit_nr, exit_ip);
	}
	if (ts->context == CONTEXT_SYSCALL && !closed && !syscall__moves_hugetlb(ts))
		return 0;
	bpf_loop(HUGETLB_FILES_MAX, hugetlb_file__scan, &scan, 0);
	if (!mm)
		return 0;
	process = process__get(scan.tgid);
	if (!process || !(tgid__counts(scan.tgid) || process->exited))
		return 0;
	usage = process->exited ? process->edges[EDGE_CLOSE].hugetlb
				: mm__hugetlb((struct mm_struct *)mm);
	delta = usage - __sync_lock_test_and_set(&process->hugetlb_usage, usage);
	/* Pages that a process maps from shared files were counted for the files. */
	if (delta && (ts->context != CONTEXT_SYSCALL ? !!ts->vma.tgid : !scan.shared))
		thread__count_hugetlb(of, scan.tgid, HUGETLB_FILES_MAX, delta);
	return 0;
}

#endif
