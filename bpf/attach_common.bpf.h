/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hooks that every mode has: tracepoints for pages, for system calls and for the lives of
 * processes, and the iterators by which the collector reads the kernel's own figures.
 */
#ifndef MIGPOP_ATTACH_COMMON_BPF_H
#define MIGPOP_ATTACH_COMMON_BPF_H

SEC("tp_btf/mm_page_alloc")
int BPF_PROG(common__mm_page_alloc, struct page *page, unsigned int order, unsigned int gfp)
{
	on_page_alloc(ctx, bpf_get_current_task_btf(), page, order, gfp);
	return 0;
}

SEC("tp_btf/mm_page_free")
int BPF_PROG(common__mm_page_free, struct page *page, unsigned int order)
{
	on_page_free(bpf_get_current_task_btf(), page, order);
	return 0;
}

SEC("tp_btf/mm_filemap_delete_from_page_cache")
int BPF_PROG(common__mm_filemap_delete, struct folio *folio)
{
	on_page_cache_delete(bpf_get_current_task_btf(), folio);
	return 0;
}

SEC("tp_btf/mm_filemap_add_to_page_cache")
int BPF_PROG(common__mm_filemap_add, struct folio *folio)
{
	on_page_cache_add(ctx, bpf_get_current_task_btf(), folio);
	return 0;
}

SEC("tp_btf/block_bio_queue")
int BPF_PROG(common__block_bio_queue, struct bio *bio)
{
	on_bio(bpf_get_current_task_btf(), bio);
	return 0;
}

/* True if the inode is the memory of a target, however it is opened or mapped. */
static __always_inline bool inode__is_shared(const struct inode *inode)
{
	struct backing_key key;

	if (!inode)
		return false;
	inode__memory_key(inode, &key);
	return bpf_map_lookup_elem(&backings, &key);
}

/* True if the current thread's file "fd" is the memory of a target. */
__noinline int current__shares_file(u64 fd)
{
	return inode__is_shared(task__inode(bpf_get_current_task_btf(), fd));
}

/* True if the userfaultfd "fd" serves the memory of a target. A QEMU in postcopy has one for its
 * own memory. */
__noinline int current__serves_target(u64 fd)
{
	const struct file *file = task__file(bpf_get_current_task_btf(), fd);
	const struct userfaultfd_ctx *of;

	if (!file || !bpf_core_field_exists(struct userfaultfd_ctx, mm))
		return !!file;
	of = BPF_CORE_READ(file, private_data);
	return tgid__test(target_bits, BPF_CORE_READ(of, mm, owner, tgid));
}

/* True if the call populates the memory of another process: the caller is watched from then on. */
static __always_inline bool reaches_into_others(struct task_struct *task, long nr)
{
	if (closed)
		return false;
	if (nr == __NR_ioctl) {
		struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs((void *)task);
		u32 cmd = regs__arg2(regs);

		return (cmd == UFFDIO_COPY || cmd == UFFDIO_ZEROPAGE) &&
		       current__serves_target(regs__arg1(regs));
	}
	if (nr == __NR_fallocate)
		return current__shares_file(
			regs__arg1((struct pt_regs *)bpf_task_pt_regs((void *)task)));
	/* Only calls that read or write memory: otherwise every debugger would be watched, and
	 * migpop itself when it traces a command. */
	if (nr == __NR_ptrace)
		return ptrace__access(regs__arg1(
			       (struct pt_regs *)bpf_task_pt_regs((void *)task))) != ACCESS_NONE;
	return nr == __NR_process_vm_readv || nr == __NR_process_vm_writev;
}

static __always_inline void on_sys_enter(void *ctx, long nr)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *ts = NULL;

	window__begins_here(task);
	if (is_watched(task))
		ts = task_state__get(task);
	ENDS_WITH_SCOPE struct event event = event__begin(ts);

	if (windowed && tgid__test(signal_bits, task->tgid))
		window__on_syscall_enter(nr); /* the call may close the window */
	if (is_watched(task)) {
		if (ts)
			on_syscall_enter(ctx, task, ts, nr);
	} else if (!is_target(task) && reaches_into_others(task, nr)) {
		other__watch(task->tgid);
	}
}

SEC("tp_btf/sys_enter")
int BPF_PROG(common__sys_enter, struct pt_regs *regs, long nr)
{
	on_sys_enter(ctx, nr);
	return 0;
}

/* Handles calls of processes that are not watched: a process that maps a file of a target's memory
 * (vhost-user) is watched from then on, and the machine may get swap. */
static __always_inline void on_others_syscall(struct task_struct *task, long ret)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs((void *)task);

	if (regs__syscall(regs) == __NR_swapon && !ret)
		swap_in_use = 1;
	if (regs__syscall(regs) != __NR_mmap || regs__arg4(regs) & MAP_ANONYMOUS || ret < 0)
		return;
	if (is_target(task)) {
		/* Before its window opens: pages that threads populate at once in a file that is
		 * not in the table could not be told from pages that were there before. */
		current__enter_file(regs__arg5(regs));
		current__enter_mapped_file(regs__arg3(regs), regs__arg5(regs));
		return;
	}
	if (current__shares_file(regs__arg5(regs)))
		other__watch(task->tgid);
}

static __always_inline void on_sys_exit(long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool watched = is_watched(task);
	struct task_state *ts = watched ? task_state__get(task) : NULL;
	ENDS_WITH_SCOPE struct event event = event__begin(ts);

	if (ts)
		on_syscall_exit(task, ts, ret);
	else if (!watched)
		on_others_syscall(task, ret);
	/* This comes last: the call by which a stream begins is not part of the window. */
	if (windowed && tgid__test(signal_bits, task->tgid))
		window__on_syscall_exit(ret);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(common__sys_exit, struct pt_regs *regs, long ret)
{
	on_sys_exit(ret);
	return 0;
}

/* The thread that submits a request of io_uring is about to work on it. */
static __always_inline void on_io_uring_submit(const struct io_kiocb *request)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *ts;

	if (!is_watched(task))
		return;
	ts = task_state__get(task);
	if (!ts)
		return;
	ENDS_WITH_SCOPE struct event event = event__begin(ts);

	task_state__settle(ts);
	ts->uring_access = ACCESS_NONE;
	if (bpf_core_field_exists(struct io_kiocb, opcode))
		ts->uring_access = io_uring__access(BPF_CORE_READ(request, opcode));
}

SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(common__io_uring_submit_req, struct io_kiocb *request)
{
	on_io_uring_submit(request);
	return 0;
}

/* The name of the tracepoint up to 6.2. */
SEC("tp_btf/io_uring_submit_sqe")
int BPF_PROG(common__io_uring_submit_sqe, struct io_kiocb *request)
{
	on_io_uring_submit(request);
	return 0;
}

/* Notes the access of a guest. KVM resolves it by GUP. */
SEC("tp_btf/kvm_page_fault")
int BPF_PROG(common__kvm_page_fault, void *vcpu, u64 address, u64 error_code)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *ts;

	if (!tgid__counts(task->tgid))
		return 0;
	ts = task_state__get(task);
	if (!ts)
		return 0;
	ENDS_WITH_SCOPE struct event event = event__begin(ts);

	/* A guest's fault is no fault of the host, even if the host had to look at it first
	 * (PVM). */
	ts->fault = 0;
	ts->kernel_fault = 0;
	/* Pending pages wait for the thread's next event. Pages of the pool cannot: if another
	 * thread looked first, its call site would get the pages of both. */
	if (hugetlb_in_use)
		thread__settle_hugetlb(task_state__thread(ts), SYSCALL_NONE, 0);
	ts->gup_access = error_code & PF_ERROR_WRITE ? ACCESS_WRITE : ACCESS_READ;
	return 0;
}

static __always_inline void process__add_target(u32 tgid)
{
	tgid__set(target_bits, tgid);
	__sync_fetch_and_add(&nr_targets, 1);
}

/* True for a child of vfork() or posix_spawn(), until it executes a program: what it populates is
 * its parent's memory. The child is watched like a stranger who reaches into that memory. */
static __always_inline bool process__borrows_memory(const struct task_struct *parent,
						    const struct task_struct *child)
{
	return BPF_CORE_READ(child, mm) == BPF_CORE_READ(parent, mm);
}

/* A new process may have the pid of a process that was a target. It is no target itself, unless
 * children are followed. It has the memory of its parent until it executes a program. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(common__sched_process_fork, struct task_struct *parent, struct task_struct *child)
{
	if (child->pid != child->tgid) {
		if (windowed && is_target(parent) &&
		    bpf_core_field_exists(struct task_struct, THREAD_POINTER))
			window__on_thread(child->pid, child->tgid,
					  BPF_CORE_READ(child, THREAD_POINTER));
		return 0;
	}
	if (is_target(parent))
		process__forks(parent->tgid, (u64)BPF_CORE_READ(child, mm));
	if (follow_children && is_target(parent)) {
		tgid__set(watched_bits, child->tgid);
		if (!process__borrows_memory(parent, child))
			process__add_target(child->tgid);
		if (stack_kind == STACK_CFI)
			unwind_process__copy(parent->tgid, child->tgid);
		return 0;
	}
	if (tgid__test(watched_bits, child->tgid) || (windowed && is_target(child))) {
		tgid__clear(target_bits, child->tgid);
		tgid__clear(watched_bits, child->tgid);
		tgid__clear(signal_bits, child->tgid);
	}
	if (is_watched(parent))
		other__watch(child->tgid);
	if (windowed && is_target(parent)) /* "exec:" makes another program send the stream */
		window_event__send(parent->tgid, WINDOW_EVENT_SOON, 0, -1);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(common__sched_process_exec, struct task_struct *task)
{
	u32 tgid = task->tgid;

	if (windowed)
		window__on_exec(task);
	if (follow_children && is_watched(task) && !is_target(task) &&
	    tgid__test(target_bits, BPF_CORE_READ(task, real_parent, tgid)))
		process__add_target(tgid); /* it borrowed its parent's memory until now */
	if (is_target(task))
		process__enter(task);
	if (!is_watched(task))
		return 0;
	if (!is_target(task)) { /* it has no memory of a target any more */
		tgid__clear(watched_bits, tgid);
		return 0;
	}
	__sync_fetch_and_add(&vma_generation, 1);
	__sync_fetch_and_add(&unwind_generation, 1);
	bpf_map_delete_elem(&unwind_processes, &tgid);
	if (stack_kind == STACK_CFI)
		mapping_change__send(tgid);
	return 0;
}

/* Returns how many pages of a thread whose window has closed may or may not be in the figures that
 * were taken when it closed. */
static __always_inline u64 task_state__pages_pending(const struct task_state *ts)
{
	u64 pages = ts->file_read + ts->file_written;

	for (u32 i = 0; i < PENDING_MAX && i < ts->nr_pending; i++) {
		struct pending p = ts->pending[i];
		const struct folio *folio = (const struct folio *)p.page;

		if (p.mapped == MAPPED_UNKNOWN ||
		    (p.mapped == MAPPED_SEEN && !BPF_CORE_READ(folio, mapping)))
			pages += 1ULL << (p.order & 31);
	}
	return pages;
}

/* The window closed while the thread was unmapping: any part of the range may be gone. */
static __always_inline void process__is_cut_off(struct process *p, struct task_state *ts)
{
	if (!ts->is_unmapping)
		return;
	p->let_go += ts->unmaps;
	p->let_go_huge += ts->unmaps; /* no batch limits how many */
	task_state__forget_unmapping(ts);
}

/* Settles the pending pages of a thread whose window has closed and which ends: it is gone by the
 * time that the collector looks. */
static __always_inline void task__settle_last(struct task_struct *task)
{
	struct task_state *ts = task_state__find(task);
	struct process *p;

	if (!ts || !(ts->nr_pending | ts->file_mapping | ts->is_unmapping) || !is_target(task))
		return;
	p = process__get(task->tgid);
	if (p) {
		p->settled += task_state__pages_pending(ts);
		process__is_cut_off(p, ts);
	}
	task_state__end(ts, task);
}

static __always_inline void on_exit(struct task_struct *task)
{
	bool watched = is_watched(task), last = BPF_CORE_READ(task, signal, live.counter) == 0;
	struct edge_pass all = {};
	struct task_state *ts;
	u32 tgid = task->tgid;

	/* This comes first: a window ends with its process even if there is no room for the
	 * thread's state, or it would stay open for ever. */
	if (windowed && (watched || tgid__test(signal_bits, tgid)))
		window__on_exit(last);
	if (!watched) {
		task__settle_last(task);
		return;
	}
	if (last)
		bpf_map_delete_elem(&unwind_processes, &tgid); /* another process may get its pid */
	ts = task_state__get(task);
	if (!ts)
		return;
	task_state__end(ts, task);
	task_state__flush(ts);
	bpf_get_current_comm(ts->thread.comm, sizeof(ts->thread.comm));
	if (!last || !is_target(task))
		return;
	ts->exiting = 1;
	if (windowed)
		return;
	process__close(task);
	if (__sync_fetch_and_add(&nr_targets, -1) == 1) {
		all.edge = EDGE_CLOSE_BEFORE;
		bpf_for_each_map_elem(&backings, backing__look, &all, 0);
		all.edge = EDGE_CLOSE;
		bpf_for_each_map_elem(&backings, backing__look, &all, 0);
	}
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(common__sched_process_exit, struct task_struct *task)
{
	on_exit(task);
	return 0;
}

/* What the thread counted last, while its memory was freed, is still in its state. */
SEC("tp_btf/sched_process_free")
int BPF_PROG(common__sched_process_free, struct task_struct *task)
{
	struct task_state *ts;

	memo__release(task);
	ts = task_state__find(task);
	if (ts)
		task_state__release(ts, task->pid, task->tgid);
	return 0;
}

/* Enters the memory that the targets have already into the table. Then, with "finding_others",
 * finds the processes that have mapped that memory while nobody looked (vhost-user, DPDK,
 * virtiofsd). */
SEC("iter/task_vma")
int common__open(struct bpf_iter__task_vma *ctx)
{
	struct task_struct *task = ctx->task;
	struct vm_area_struct *vma = ctx->vma;
	struct backing_key key;
	struct file *file;
	u32 flags;

	if (!task || !vma || finding_others == is_target(task))
		return 0;
	if (finding_others) {
		file = BPF_CORE_READ(vma, vm_file);
		if (file && !is_watched(task) && inode__is_shared(BPF_CORE_READ(file, f_inode)))
			other__watch(task->tgid);
		return 0;
	}
	process__enter(task);
	vma__key(vma, task->tgid, &key, &flags);
	if (key.kind == KIND_ANON)
		return 0;
	vma__register(vma, &key, flags);
	return 0;
}

/* Settles the pending pages of threads whose window has closed, which they will not settle
 * themselves. If targets have windows of their own, these are the targets that are not counted now;
 * the next window finds each thread as if it had never been seen. */
SEC("iter/task")
int common__settle(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct task_state *ts;
	struct process *p;
	struct window *w;
	u32 tgid;

	if (!task || !(windowed ? is_target(task) && !is_watched(task)
				: closed && tgid__test(watched_bits, task->tgid)))
		return 0;
	ts = task_state__find(task);
	if (!ts)
		return 0;
	/* Only this iterator can find the VMA of a thread that is not the current one. */
	if ((ts->nr_pending || hugetlb_in_use) && !task_state__knows(ts, ts->address))
		task_state__look_up_vma(ts, task, ts->address);
	if ((ts->nr_pending | ts->file_mapping | ts->is_unmapping) &&
	    (p = process__get(task->tgid))) {
		p->settled += task_state__pages_pending(ts);
		process__is_cut_off(p, ts);
	}
	task_state__end(ts, task);
	if (!windowed)
		return 0;
	ts->context = CONTEXT_SYSCALL;
	/* Nothing of the thread counts before the collector says so: its chain is taken anew
	 * then. */
	tgid = task->tgid;
	w = bpf_map_lookup_elem(&windows, &tgid);
	if (w && w->state == WINDOW_OVER) {
		task_state__flush(ts);
		ts->stack = ts->tally_key.stack = STACK_NOT_TAKEN;
		ts->last_mapping = 0;
		ts->stacked = 0;
	}
	return 0;
}

static long backing__read(struct bpf_map *map, struct backing_key *key, struct backing *b,
			  void *data)
{
	struct backing_key copy = *key;

	if (!copy.tgid) {
		b->pages_now = backing__pages_now(&copy, b);
		if (!backing__is_there(&copy, b))
			b->flags |= BACKING_GONE;
	}
	/* The owner is being counted, so the figures of an earlier window's end are stale: at that
	 * end the owner stopped being counted before they were taken. */
	if (windowed && b->exited && tgid__test(watched_bits, b->owner)) {
		b->exit_released = 0;
		b->exited = 0;
	}
	return 0;
}

/* Reads the kernel's figure of every inode in the table, when it meets the first task. Some
 * locked-down kernels refuse iterators over the elements of a map, and allow iterators over
 * tasks. */
SEC("iter/task")
int common__read_backings(struct bpf_iter__task *ctx)
{
	if (ctx->task && !ctx->meta->seq_num)
		bpf_for_each_map_elem(&backings, backing__read, NULL, 0);
	return 0;
}

#endif
