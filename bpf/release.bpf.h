/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a freed page to the counter of released pages: shmem as its file drops the page, private
 * memory as the page is freed. Pages that a call unmapped and did not free are in let_go.bpf.h.
 */
#ifndef MIGPOP_RELEASE_BPF_H
#define MIGPOP_RELEASE_BPF_H

/* Counts pages that were given back. Pages that go at the end of the process "ended" are that
 * process's even if another thread frees them: a thread that looked at the memory and was the last
 * to do so, or a worker of the kernel. Not inline: a program that settles as well would exceed the
 * 512 bytes that calls share on 6.1. */
static __noinline void count_released(struct task_struct *task, struct task_state *ts,
				      const struct backing_key *backing, u64 pages, u32 ended)
{
	struct site_key key = {};
	struct site add = {.released = pages};
	u64 ip;
	s32 nr = task__syscall(task, &ip);

	key.ip = ip;
	key.tgid = task->tgid;
	key.syscall = ended ? SYSCALL_EXIT : nr;
	key.stack = STACK_NOT_TAKEN;
	key.context = nr == SYSCALL_NONE ? CONTEXT_USER : CONTEXT_SYSCALL;
	key.backing = *backing;
	if (!ts) {
		if (ended) {
			key.ip = 0;
			key.tgid = ended;
			key.context = CONTEXT_SYSCALL;
		}
		site__add(&key, &add);
		thread__count(key.tgid, ended ? ended : task->pid, &add);
		return;
	}
	if (nr >= SYSCALL_NONE && !ended)
		key.stack = ts->stack;
	ts->released += pages;
	task_state__count(ts, &key, &add);
}

/* True if the system call "nr" unmaps the page at "index" of its mapping, and with its VMA the way
 * to its owner. The index of an anonymous page is its address in pages. The index of a copy of a
 * file's page is its offset in the file, which is smaller than any address that programs are
 * given. */
static __always_inline bool syscall__unmaps(struct task_struct *task, s32 nr, u64 index)
{
	struct pt_regs *regs;

	switch (nr) {
	case __NR_mremap:
	case __NR_brk:
	case __NR_execve:
	case __NR_execveat:
		return true;
	case __NR_munmap:
	case __NR_mmap:
		regs = (struct pt_regs *)bpf_task_pt_regs((void *)task);
		/* MAP_POPULATE empties the batch, and so frees pages that others let go. */
		if (nr == __NR_mmap && !(regs__arg4(regs) & MAP_FIXED))
			return false;
		return index < FILE_INDEX_MAX || index - (regs__arg1(regs) >> PAGE_SHIFT) <
							 (regs__arg2(regs) + 4095) >> PAGE_SHIFT;
	}
	return false;
}

/* True if an anonymous page that the task frees is its process's own. A page that was let go can
 * wait in an LRU batch of its CPU, and whoever empties the batch frees it: so the owner is looked
 * up, but for pages that the call itself unmaps. Since 6.12 calls that unmap do not empty the batch
 * first: others free later up to 31 pages that such a call let go. */
static __always_inline bool frees_its_own(const struct task_state *ts, struct task_struct *task,
					  const struct folio *folio, u64 mapping)
{
	u64 ip;

	return ts->exiting ||
	       syscall__unmaps(task, task__syscall(task, &ip), BPF_CORE_READ(folio, index)) ||
	       tgid__test(target_bits, anon__tgid(BPF_CORE_READ(folio, index), mapping));
}

/* The current thread frees private pages of its process. Returns false if they were counted as
 * released when they were unmapped, or will be when the present call ends. */
__noinline bool current__releases(u64 pages)
{
	const struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *ts = task_state__find(task);
	u32 tgid = task->tgid;
	struct process *p = bpf_map_lookup_elem(&processes, &tgid);

	if (!ts || ts->exiting || !p)
		return true;
	ts->unmaps_freed += pages;
	if (ts->is_unmapping)
		return false;
	if (p->waits < pages)
		return true;
	__sync_fetch_and_sub(&p->waits, pages);
	return false;
}

/* Forgets that a call of the thread unmaps memory, if the end of that call was not seen. */
static __always_inline void task_state__forget_unmapping(struct task_state *ts)
{
	if (!ts->is_unmapping)
		return;
	ts->is_unmapping = 0;
	__sync_fetch_and_sub(&nr_unmapping, 1);
}

static __always_inline void on_page_free(struct task_struct *task, const struct page *page,
					 u32 order)
{
	struct task_state *ts;
	u64 mapping;

	if (!is_watched(task))
		return;
	ts = task_state__find(task);
	if (!ts)
		return;
	ENDS_WITH_SCOPE struct event event = event__begin(ts);

	for (u32 i = 0; i < PENDING_MAX; i++) {
		if (i >= (u32)ts->nr_pending)
			break;
		if (ts->pending[i].page != (u64)page)
			continue;
		ts->nr_pending--;
		ts->pending[i] = ts->pending[ts->nr_pending & (PENDING_MAX - 1)];
		return;
	}
	if (task->flags & PF_MEMALLOC || !is_target(task))
		return;
	mapping = (u64)BPF_CORE_READ(page, mapping);
	if ((mapping & MAPPING_FLAGS) == MAPPING_ANON &&
	    frees_its_own(ts, task, (const struct folio *)page, mapping)) {
		struct backing_key key = {.kind = KIND_ANON, .tgid = task->tgid};

		if (current__releases(1ULL << (order & 31)))
			count_released(task, ts, &key, 1ULL << (order & 31),
				       ts->exiting ? task->tgid : 0);
	}
}

/* A file drops a page. For shmem the page is given back, whoever did it: paging out takes another
 * way (shmem_delete_from_page_cache(), without an event). An ordinary file that is memory also
 * loses clean pages to the kernel when the kernel is short of memory. */
static __always_inline void on_page_cache_delete(struct task_struct *task, struct folio *folio)
{
	u64 pages = 1ULL << (folio__order(folio) & 31);
	struct task_state *ts = NULL;
	struct backing_key key;
	struct backing *b;
	u32 ended = 0;

	if (closed)
		return;
	inode__memory_key(folio->mapping->host, &key);
	if (key.kind == KIND_HUGETLB || (key.kind == KIND_FILE && !nr_files) ||
	    !(b = bpf_map_lookup_elem(&backings, &key)) || !backing__counts(b))
		return;
	if (is_watched(task))
		ts = task_state__get(task);
	ENDS_WITH_SCOPE struct event event = event__begin(ts);

	/* A thread that reclaims in order to have a page has that page pending: it is in no file
	 * yet. */
	if (ts && !(task->flags & PF_MEMALLOC))
		task_state__settle(ts);
	/* The books of a file end with the last target: pages that went with other processes before
	 * count, pages that go with others afterwards do not. */
	if (ts && ts->exiting && !b->exited)
		__sync_fetch_and_add(&b->exit_released, pages);
	if (b->exited || (ts && ts->exiting)) {
		/* The read is volatile: clang would make one load of two kinds of pointers, which
		 * the verifier refuses. */
		ended = *(const volatile u32 *)&b->owner;
		if (ts)
			ended = task->tgid;
	}
	count_released(task, ts, &key, pages, ended);
}

#endif
