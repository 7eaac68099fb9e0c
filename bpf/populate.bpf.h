/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a fault's context and an allocation to the counters. A page is counted when it is known what
 * it became, which is at the next event of the thread that allocated it: until then it is pending
 * there. So a page that a racing thread allocated and freed again is never counted.
 */
#ifndef MIGPOP_POPULATE_BPF_H
#define MIGPOP_POPULATE_BPF_H

enum { RB_DEPTH_MAX = 24 };

/* Returns the process that owns the anonymous page with that index, found by a VMA that has a place
 * for it; 0 if no VMA has one. The anon_vma of a page that is no longer mapped may be another
 * process's by now. Mappings that lie side by side share an anon_vma, although they are VMAs of
 * their own, as QEMU's ROMs are. */
__noinline u32 anon__tgid(u64 index, u64 mapping)
{
	const struct anon_vma *anon_vma = (const void *)(mapping & ~(u64)MAPPING_FLAGS);
	const struct rb_node *node = BPF_CORE_READ(anon_vma, rb_root.rb_root.rb_node);

	for (u32 i = 0; i < RB_DEPTH_MAX && node; i++) {
		const struct anon_vma_chain *chain =
			(const void *)node - bpf_core_field_offset(struct anon_vma_chain, rb);
		const struct vm_area_struct *vma = BPF_CORE_READ(chain, vma);
		u64 first = vma__anon_pgoff(vma);
		u64 size = BPF_CORE_READ(vma, vm_end) - BPF_CORE_READ(vma, vm_start);

		if (index - first < size >> PAGE_SHIFT)
			return BPF_CORE_READ(vma, vm_mm, owner, tgid);
		node = index < first ? BPF_CORE_READ(node, rb_left) : BPF_CORE_READ(node, rb_right);
	}
	return 0;
}

/* Finds the backing that a pending page belongs to; KIND_NONE if it is not memory of a target. */
static __always_inline void pending__backing(struct task_state *ts, u32 of_tgid,
					     const struct folio *folio, u64 mapping, u64 pages,
					     struct backing_key *key)
{
	const struct inode *inode;
	bool target = tgid__test(target_bits, of_tgid);
	struct backing *b;

	__builtin_memset(key, 0, sizeof(*key));
	if ((mapping & MAPPING_FLAGS) == MAPPING_ANON) {
		u32 tgid = target ? of_tgid : 0;

		if (!target || ts->syscall == __NR_process_vm_writev ||
		    ts->syscall == __NR_process_vm_readv || ts->syscall == __NR_ioctl ||
		    ts->syscall == __NR_ptrace) {
			u32 owner = anon__tgid(BPF_CORE_READ(folio, index), mapping);

			if (!tgid__counts(owner))
				return;
			tgid = owner;
		}
		if (tgid == of_tgid && task_state__find_vma(ts, ts->address) &&
		    (ts->vma.kind == KIND_ANON || ts->vma.kind == KIND_PRIVATE_FILE)) {
			*key = ts->vma;
			return;
		}
		key->kind = KIND_ANON;
		key->tgid = tgid;
		return;
	}
	if (mapping & MAPPING_FLAGS)
		return;
	if (target && mapping == ts->mapping) {
		inode = (const struct inode *)BPF_CORE_READ((struct address_space *)mapping, host);
		if (BPF_CORE_READ(inode, i_ino) == ts->file.id) {
			*key = ts->file;
			return;
		}
	}
	inode = BPF_CORE_READ((struct address_space *)mapping, host);
	inode__key(inode, key);
	if (key->kind != KIND_NONE) {
		b = bpf_map_lookup_elem(&backings, key);
		/* The page is another file's by now: see task_state__faulted_in_private(). */
		if (target && b && b->owner != of_tgid && ts->context == CONTEXT_USER &&
		    task_state__find_vma(ts, ts->address) && ts->vma.kind == KIND_ANON) {
			*key = ts->vma;
			return;
		}
		if (!target && (!b || b->exited || !backing__counts(b)))
			key->kind = KIND_NONE;
		else if (!b)
			inode__enter((u64)inode, pages, of_tgid);
	}
	ts->mapping = mapping;
	ts->file = *key;
}

/* False for a page that its file holds and nobody maps: it came by the file, as by fallocate() or
 * write(). */
static __always_inline bool folio__is_mapped(const struct folio *folio, u32 order)
{
	return order || BPF_CORE_READ(folio, _mapcount.counter) >= 0;
}

/* Counts a page at the call site of the last page, if it belongs there; false if it may not. In a
 * migration loop page after page has the same user PC, access and file. The number of the file is
 * read again, since a new file can be where another was. */
static __always_inline bool task_state__settle_as_last(struct task_state *ts,
						       const struct pending *p)
{
	u64 mapping;

	if (p->context != CONTEXT_USER || p->mapped == MAPPED_PRIVATE ||
	    p->access != ts->last_access || ts->ip != ts->last_ip || !ts->last_mapping ||
	    swap_in_use || ts->entry_ns || ts->stack != ts->tally_key.stack)
		return false;
	mapping = (u64)LOAD(struct folio, p->page, mapping);
	if (mapping != ts->last_mapping ||
	    LOAD(struct inode, mapping - bpf_core_field_offset(struct inode, i_data), i_ino) !=
		    ts->tally_key.backing.id)
		return false;
	ts->tally.populated += 1ULL << (p->order & 31);
	if (p->access == ACCESS_READ)
		ts->tally.zero_populated += 1ULL << (p->order & 31);
	ts->tally.faults += ts->fault;
	ts->fault = 0;
	return true;
}

/* A process that has forked wrote to a page: it has a copy now, and the page itself may be held by
 * its child. */
static __always_inline void process__copies(const u32 *tgid, u64 pages)
{
	struct process *p = bpf_map_lookup_elem(&processes, tgid);

	if (p && p->shared)
		__sync_fetch_and_add(&p->copied, pages);
}

/* True if a fault in private memory that is no file's allocated the page. Then it became such
 * memory and was freed since, by another thread that unmapped it or by the kernel that moved it.
 * False for the neighbours of a page that is read from swap: the fault allocates them too, before
 * anybody asks for them. The swap cache holds them, and they are no process's memory yet. */
static __always_inline bool task_state__faulted_in_private(struct task_state *ts,
							   const struct pending *p)
{
	const struct folio *folio = (const struct folio *)p->page;

	if (swap_in_use && BPF_CORE_READ(folio, _refcount.counter))
		return false;
	return p->context == CONTEXT_USER && task_state__find_vma(ts, ts->address) &&
	       ts->vma.kind == KIND_ANON;
}

/* True if the page is where the thread's fault in the kernel is, or if the VMA cannot be looked at.
 * Tracepoints do not see the end of a fault, and the call may populate other memory next:
 * io_submit() reads its ring, which only has to be mapped, and pins what it is given. */
static __always_inline bool task_state__faulted_at(struct task_state *ts, const struct folio *folio,
						   u64 pages)
{
	u64 mapping, index;

	if (!task_state__find_vma(ts, ts->address))
		return true;
	if (ts->vma.kind != KIND_PRIVATE_FILE &&
	    (ts->vma.kind != ts->key.backing.kind || ts->vma.id != ts->key.backing.id))
		return false;
	mapping = (u64)BPF_CORE_READ(folio, mapping);
	index = mapping & MAPPING_FLAGS ? ts->vma_anon_pgoff : ts->vma_pgoff;
	index += (ts->address - ts->vma_start) >> PAGE_SHIFT;
	return ts->vma.kind == KIND_HUGETLB || index - BPF_CORE_READ(folio, index) < pages;
}

static __always_inline void task_state__settle_one(struct task_state *ts, const struct pending *p)
{
	const struct task_struct *task = (const struct task_struct *)ts->task;
	struct folio *folio = (struct folio *)p->page;
	u32 tgid = BPF_CORE_READ(task, tgid);
	u64 mapping = (u64)BPF_CORE_READ(folio, mapping);
	u64 pages = 1ULL << (p->order & 31);
	struct site_key *key = &ts->key;
	struct site *add = &ts->add;
	bool shared, elsewhere;

	if (!mapping && p->mapped != MAPPED_PRIVATE && !task_state__faulted_in_private(ts, p))
		return; /* it is no memory of a process: it was freed by another, or is the kernel's
			 */
	task_state__key(ts, tgid, key);
	if (p->mapped == MAPPED_PRIVATE || !mapping) {
		key->backing.kind = KIND_ANON;
		key->backing.tgid = tgid;
	} else {
		pending__backing(ts, tgid, folio, mapping, pages, &key->backing);
	}
	if (key->backing.kind == KIND_NONE)
		return;
	/* A major fault has read the page from swap. The page was counted when it was first
	 * populated. */
	if (swap_in_use && BPF_CORE_READ(task, maj_flt) != ts->maj_flt &&
	    key->backing.kind != KIND_PRIVATE_FILE)
		return;
	shared = key->backing.kind == KIND_SHMEM || key->backing.kind == KIND_HUGETLB;
	key->context = p->context;
	key->access = p->access;
	elsewhere = p->context == CONTEXT_KERNEL && !p->told &&
		    !task_state__faulted_at(ts, folio, pages);
	if (elsewhere ||
	    (p->context == CONTEXT_KERNEL && shared && !folio__is_mapped(folio, p->order)))
		key->context = CONTEXT_SYSCALL;
	if (key->context == CONTEXT_SYSCALL)
		key->access = task_state__call_access(ts, p->told, p->access);
	/* A request that writes memory into a file reads that memory, and writes the pages of the
	 * file. */
	if (key->access == ACCESS_READ && !folio__is_mapped(folio, p->order) && shared &&
	    (ts->syscall == SYSCALL_IO_URING || ts->syscall == __NR_io_uring_enter))
		key->access = ACCESS_WRITE;
	__builtin_memset(add, 0, sizeof(*add));
	add->populated = pages;
	if (key->access == ACCESS_READ && (shared || (ts->pins && key->backing.kind == KIND_ANON)))
		add->zero_populated = pages;
	if (!elsewhere) {
		add->faults = ts->fault;
		ts->fault = 0;
	}
	if (ts->entry_ns) {
		add->fault_ns = bpf_ktime_get_ns() - ts->entry_ns;
		ts->entry_ns = 0;
	}
	task_state__count(ts, key, add);
	if (forked && ts->on_present && !shared && key->context != CONTEXT_SYSCALL)
		process__copies(&key->backing.tgid, pages);
	if (key->backing.kind == KIND_SHMEM && key->context == CONTEXT_USER &&
	    tgid__test(target_bits, tgid)) {
		ts->last_ip = ts->ip;
		ts->last_access = key->access;
		ts->last_mapping = mapping;
	}
}

/* Counts the thread's "i"th pending page, if it became memory of a target. */
__noinline int thread__settle_page(u64 of, u32 i)
{
	struct task_state *ts = task_state__of(of);
	struct pending p;

	if (!ts)
		return 0;
	p = ts->pending[i & (PENDING_MAX - 1)];
	task_state__settle_one(ts, &p);
	return 0;
}

/* Counts those pending pages of the thread that have become something. The others are still on
 * their way: a fault that copies a page of a file which has none there allocates the copy first,
 * and then the page of the file. */
__noinline int thread__settle_known(u64 of)
{
	struct task_state *ts = task_state__of(of);
	u32 kept = 0;

	if (!ts)
		return 0;
	for (u32 i = 0; i < PENDING_MAX && i < ts->nr_pending; i++) {
		struct pending p = ts->pending[i & (PENDING_MAX - 1)];
		const struct folio *folio = (const struct folio *)p.page;

		if (p.mapped || BPF_CORE_READ(folio, mapping))
			thread__settle_page(of, i);
		else
			ts->pending[kept++ & (PENDING_MAX - 1)] = p;
	}
	ts->nr_pending = kept;
	return 0;
}

/* Counts the pages that the present context populated, as a rule one. */
static __always_inline void task_state__settle(struct task_state *ts)
{
	if (!ts->nr_pending)
		return;
	for (u32 i = 1; i < PENDING_MAX && i < ts->nr_pending; i++)
		thread__settle_page(task_state__thread(ts), i);
	if (!task_state__settle_as_last(ts, &ts->pending[0]))
		thread__settle_page(task_state__thread(ts), 0);
	ts->nr_pending = 0;
}

/* Counts the fault of the present context, if no page was counted with it. */
static __always_inline void task_state__count_fault(struct task_state *ts, struct task_struct *task)
{
	struct site_key *key = &ts->key;
	struct site *add = &ts->add;

	__builtin_memset(add, 0, sizeof(*add));
	add->faults = ts->fault;
	task_state__key(ts, task->tgid, key);
	key->context = ts->context;
	key->access = ts->access;
	if (ts->entry_ns)
		add->fault_ns = bpf_ktime_get_ns() - ts->entry_ns;
	task_state__count(ts, key, add);
}

int thread__settle_hugetlb(u64 of, s32 exit_nr, u64 exit_ip);
int thread__settle_file(u64 of);

static __always_inline void
task_state__end_counting(struct task_state *ts, struct task_struct *task, s32 exit_nr, u64 exit_ip)
{
	if (ts->file_mapping)
		thread__settle_file(task_state__thread(ts));
	if (hugetlb_in_use && is_target(task))
		thread__settle_hugetlb(task_state__thread(ts), exit_nr, exit_ip);
	if (ts->fault && is_target(task))
		task_state__count_fault(ts, task);
	ts->fault = 0;
	ts->entry_ns = 0;
}

static __always_inline void task_state__end_as(struct task_state *ts, struct task_struct *task,
					       s32 exit_nr, u64 exit_ip)
{
	task_state__settle(ts);
	task_state__end_counting(ts, task, exit_nr, exit_ip);
}

/* A fault in kernel mode begins or ends within a system call. What the call itself has allocated
 * may still be on its way: UFFDIO_COPY has a page before it reads what is copied into it. */
static __always_inline void task_state__end_in_call(struct task_state *ts, struct task_struct *task)
{
	if (ts->nr_pending)
		thread__settle_known(task_state__thread(ts));
	task_state__end_counting(ts, task, SYSCALL_NONE, 0);
}

/* Ends the present context: counts what it populated, and its fault. */
static __always_inline void task_state__end(struct task_state *ts, struct task_struct *task)
{
	task_state__end_as(ts, task, SYSCALL_NONE, 0);
}

/* Takes the call chain from the registers of user mode. "ctx" is the program's own. */
static __always_inline void task_state__take_stack(struct task_state *ts, void *ctx,
						   const struct pt_regs *regs, bool exact,
						   enum unwind_program program)
{
	long id = -1;

	if (stack_kind == STACK_NONE)
		return;
	if (stack_kind == STACK_CFI) {
		if (program == UNWIND_IN_USER_FAULT || program == UNWIND_IN_FUNCTION)
			id = memo__last_chain(bpf_get_current_task_btf(), regs, exact);
		if (id < 0)
			id = chain__take(regs__ip(regs), regs__sp(regs), regs__bp(regs), exact,
					 program);
		ts->stack = id;
		return;
	}
	ts->stack = chain__take_fp(ctx, program);
}

/* Takes the chain of the present system call, once: it does not change until the call returns. */
static __always_inline void task_state__take_syscall_stack(struct task_state *ts, void *ctx,
							   struct task_struct *task,
							   enum unwind_program program)
{
	if (ts->stacked)
		return;
	if (ts->syscall < SYSCALL_NONE) {
		ts->stack = STACK_NOT_TAKEN; /* workers have no registers worth unwinding */
		return;
	}
	task_state__take_stack(ts, ctx, (struct pt_regs *)bpf_task_pt_regs((void *)task),
			       ts->syscall == SYSCALL_NONE, program);
	ts->stacked = ts->syscall != SYSCALL_NONE;
}

/* Makes the system call "nr" the present context, unless a fault in it is under way: a function
 * mode has said then all that there is to say. */
static __always_inline void task_state__enter_context(struct task_state *ts, void *ctx,
						      struct task_struct *task, s32 nr, u64 ip,
						      enum unwind_program program)
{
	if (nr == SYSCALL_NONE || ts->kernel_fault || ts->in_function)
		return;
	if (ts->file_mapping && ts->context == CONTEXT_KERNEL)
		thread__settle_file(task_state__thread(ts));
	task_state__enter_syscall(ts, task, nr, ip);
	task_state__take_syscall_stack(ts, ctx, task, program);
}

/* Notes pages that a thread of a process has allocated while a thread of it unmaps some. */
__noinline int process__moves(u32 tgid, u64 pages)
{
	struct process *p = bpf_map_lookup_elem(&processes, &tgid);

	if (p)
		__sync_fetch_and_add(&p->moved, pages);
	return 0;
}

static __always_inline void on_page_alloc(void *ctx, struct task_struct *task,
					  const struct page *page, u32 order, u32 gfp)
{
	struct task_state *ts;
	struct pending *p;
	u64 ip = 0;
	s32 nr = SYSCALL_NONE;
	bool same_fault;

	if (!(gfp & (task->flags & PF_MEMALLOC_PIN ? GFP_HIGHMEM : GFP_MOVABLE)) || !page ||
	    task->flags & PF_MEMALLOC)
		return;
	if (!is_watched(task))
		return;
	ts = task_state__get(task);
	if (!ts)
		return;
	ENDS_WITH_SCOPE struct event event = event__begin(ts);

	/* After a fault in user mode, the context is that fault's until the next system call. */
	if (ts->context != CONTEXT_USER)
		nr = task__syscall(task, &ip);
	if (ts->nr_pending >= PENDING_MAX)
		task_state__settle(ts);
	else if (ts->nr_pending && nr != SYSCALL_NONE)
		thread__settle_known(task_state__thread(ts));
	same_fault = ts->nr_pending &&
		     ts->pending[(ts->nr_pending - 1) & (PENDING_MAX - 1)].context ==
			     CONTEXT_KERNEL;
	if (!same_fault)
		task_state__enter_context(ts, ctx, task, nr, ip, UNWIND_IN_ALLOC);
	p = &ts->pending[ts->nr_pending & (PENDING_MAX - 1)];
	p->page = (u64)page;
	p->order = order;
	p->context = ts->context;
	p->access = ts->access;
	/* io_uring works on another request by the time that the page is counted. */
	p->told = ts->in_function || same_fault ||
		  (ts->access != ACCESS_NONE &&
		   (nr == SYSCALL_IO_URING || nr == __NR_io_uring_enter));
	p->mapped = MAPPED_UNKNOWN;
	ts->nr_pending++;
	ts->kernel_fault = 0;
	/* This comes last: either the thread that unmaps sees the pending page, or this thread sees
	 * that somebody unmaps. */
	if (nr_unmapping)
		process__moves(task->tgid, 1ULL << (order & 31));
}

/* Begins a fault of the current task in its own memory. "ip" is the faulting PC, for a fault in
 * user mode. */
static __always_inline void on_fault(struct task_state *ts, struct task_struct *task, u64 address,
				     u64 ip, bool write, bool user)
{
	if (user) {
		ts->ip = ip;
		ts->syscall = SYSCALL_NONE;
	} else {
		ts->syscall = task__syscall(task, &ts->ip);
	}
	ts->address = address;
	ts->context = user ? CONTEXT_USER : CONTEXT_KERNEL;
	ts->access = write ? ACCESS_WRITE : ACCESS_READ;
	ts->maj_flt = task->maj_flt;
	ts->kernel_fault = !user;
	ts->fault = 1;
	ts->stacked = ts->stacked && !user;
}

#endif
