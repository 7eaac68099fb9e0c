/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * khugepaged replaces small pages of a process by one huge page. If there were holes between them,
 * the process has more memory than before, and no call of its own brought it.
 */
#ifndef MIGPOP_COLLAPSE_BPF_H
#define MIGPOP_COLLAPSE_BPF_H

/* include/linux/khugepaged.h, enum scan_result */
enum { SCAN_SUCCEED = 1 };

static __always_inline bool is_khugepaged(void)
{
	/* Otherwise it is MADV_COLLAPSE, whose allocations and releases are counted as the
	 * caller's. */
	return bpf_get_current_task_btf()->flags & PF_KTHREAD;
}

/* Runs before the program below, for the same huge page: "none" of its pages were holes, or the
 * page of zeros. */
SEC("tp_btf/mm_collapse_huge_page_isolate")
int BPF_PROG(common__collapse_isolate, void *folio, int none)
{
	if (is_khugepaged())
		collapse_holes = none;
	return 0;
}

SEC("tp_btf/mm_collapse_huge_page")
int BPF_PROG(common__collapse, struct mm_struct *mm, int isolated, int status)
{
	struct site add = {.populated = collapse_holes};
	struct site_key key = {.syscall = SYSCALL_KTHREAD, .stack = -1, .context = CONTEXT_SYSCALL};

	if (!is_khugepaged())
		return 0;
	collapse_holes = 0;
	if (status != SCAN_SUCCEED || closed || !add.populated)
		return 0;
	key.tgid = BPF_CORE_READ(mm, owner, tgid);
	if (!tgid__counts(key.tgid))
		return 0;
	key.backing.kind = KIND_ANON;
	key.backing.tgid = key.tgid;
	site__add(&key, &add);
	/* khugepaged has its row among the threads of the process. */
	thread__count(key.tgid, bpf_get_current_task_btf()->pid, &add);
	return 0;
}

#endif
