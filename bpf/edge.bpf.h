/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The edges of a window: the kernel's own figures on both sides of the very instant at which
 * counting begins or ends. One program takes them in the kernel, and nothing preempts it: if the
 * collector is late, or is stopped, it does not matter. Knows nothing of migrations.
 */
#ifndef MIGPOP_EDGE_BPF_H
#define MIGPOP_EDGE_BPF_H

enum { THREADS_MAX = 4096 };

struct rss {
	u64 counters[NR_MM_COUNTERS]; /* per-CPU addresses of what each CPU holds back */
	s64 sum[NR_MM_COUNTERS];
};

static long cpu__add_rss(u32 cpu, struct rss *rss)
{
	u64 offset;

	if (cpu >= CPUS_MAX)
		return 1;
	offset = cpu_offsets[cpu & (CPUS_MAX - 1)];
	for (u32 i = 0; i < NR_MM_COUNTERS; i++) {
		s32 held_back = 0;

		bpf_probe_read_kernel(&held_back, sizeof(held_back),
				      (const void *)(rss->counters[i] + offset));
		rss->sum[i] += held_back;
	}
	return 0;
}

/* Reads the four members of rss_stat. Since 6.2 each CPU holds back up to a batch of changes of
 * each (lib/percpu_counter.c). */
static __always_inline void mm__rss(const struct mm_struct *mm, struct rss *rss)
{
	const struct mm_struct___percpu *now = (const void *)mm;

	if (bpf_core_type_exists(struct mm_rss_stat)) {
		const struct mm_struct___atomic *old = (const void *)mm;

		for (u32 i = 0; i < NR_MM_COUNTERS; i++)
			rss->sum[i] = BPF_CORE_READ(old, rss_stat.count[i].counter);
		return;
	}
	for (u32 i = 0; i < NR_MM_COUNTERS; i++) {
		const struct percpu_counter *c = (const void *)mm +
						 bpf_core_field_offset(now->rss_stat) +
						 i * bpf_core_type_size(struct percpu_counter);

		rss->sum[i] = BPF_CORE_READ(c, count);
		if (bpf_core_field_exists(struct percpu_counter, counters))
			rss->counters[i] = (u64)BPF_CORE_READ(c, counters);
	}
	if (bpf_core_field_exists(struct percpu_counter, counters))
		bpf_loop(nr_cpu_offsets, cpu__add_rss, rss, 0);
}

struct thread_walk {
	u64 next, head;
	u64 looks; /* struct task_struct of the thread that looks */
	s64 held_back[NR_MM_COUNTERS];
	u32 running, zero;
};

static __always_inline bool threads__can_be_walked(void)
{
	return bpf_core_field_exists(struct signal_struct, thread_head) &&
	       bpf_core_field_exists(struct task_struct, thread_node);
}

/* True if the thread may change the figures at this moment: it runs, or it sleeps in the midst of a
 * fault. The thread that looks cannot. */
static __always_inline bool task__may_move(const struct task_struct *task, u64 looks)
{
	u32 state = bpf_core_field_exists(struct task_struct, __state)
			    ? BPF_CORE_READ(task, __state)
			    : TASK_RUNNING;

	return (u64)task != looks && (state == TASK_RUNNING || state & TASK_UNINTERRUPTIBLE);
}

static long thread__visit(u32 i, struct thread_walk *walk)
{
	const struct task_struct *task;

	if (!walk->next || walk->next == walk->head)
		return 1;
	task = (const void *)walk->next - bpf_core_field_offset(struct task_struct, thread_node);
	if (task__may_move(task, walk->looks))
		walk->running++;
	if (bpf_core_type_exists(struct task_rss_stat)) {
		const struct task_struct___holds_back *t = (const void *)task;

		for (u32 m = 0; m < NR_MM_COUNTERS; m++)
			walk->held_back[m] += BPF_CORE_READ(t, rss_stat.count[m]);
	}
	walk->next = (u64)BPF_CORE_READ(task, thread_node.next);
	return 0;
}

struct flight_walk {
	u64 next, head;
	u64 looks; /* struct task_struct of the thread that looks */
	u64 pages;
};

/* True if a pending page is mapped. The figure that the page belongs to counts it before it is
 * mapped (do_anonymous_page(), wp_page_copy(); the blocks of a file even earlier). A kernel without
 * a map count for folios of several pages does not tell. */
static __always_inline bool pending__is_mapped(const struct pending *p)
{
	const struct folio *folio = (const struct folio *)p->page;

	if (!BPF_CORE_READ(folio, mapping))
		return false;
	if (!p->order)
		return BPF_CORE_READ(folio, _mapcount.counter) >= 0;
	return bpf_core_field_exists(struct folio, _large_mapcount) &&
	       BPF_CORE_READ(folio, _large_mapcount.counter) >= 0;
}

/* Says how a page was seen to be mapped. A page that a call allocates may be for another
 * process. */
static __always_inline u8 pending__mapped_as(const struct pending *p)
{
	const struct folio *folio = (const struct folio *)p->page;

	return p->context != CONTEXT_SYSCALL &&
			       ((u64)BPF_CORE_READ(folio, mapping) & MAPPING_FLAGS) == MAPPING_ANON
		       ? MAPPED_PRIVATE
		       : MAPPED_SEEN;
}

static long thread__look_at_pending(u32 i, struct flight_walk *walk)
{
	const struct task_struct *task;
	struct task_state *ts;
	bool runs;

	if (!walk->next || walk->next == walk->head)
		return 1;
	task = (const void *)walk->next - bpf_core_field_offset(struct task_struct, thread_node);
	runs = task__may_move(task, walk->looks);
	ts = task_state__at(BPF_CORE_READ(task, pid), (u64)task);
	for (u32 j = 0; ts && j < PENDING_MAX && j < ts->nr_pending; j++) {
		struct pending p = ts->pending[j & (PENDING_MAX - 1)];

		if (pending__is_mapped(&p))
			ts->pending[j & (PENDING_MAX - 1)].mapped = pending__mapped_as(&p);
		else if (runs)
			walk->pages += 1ULL << (p.order & 31);
	}
	walk->next = (u64)BPF_CORE_READ(task, thread_node.next);
	return 0;
}

/* Marks which pending pages of a process's threads are mapped by now: the kernel's figures have
 * those. Returns how many others the running threads have: they may come into the figures at any
 * moment. */
__noinline u64 process__in_flight(u32 tgid)
{
	struct process *p = bpf_map_lookup_elem(&processes, &tgid);
	struct flight_walk walk = {.looks = (u64)bpf_get_current_task_btf()};
	const struct signal_struct *signal;
	const struct task_struct *owner;
	const struct mm_struct *mm;

	mm = p ? (const struct mm_struct *)p->mm : NULL;
	owner = mm ? BPF_CORE_READ(mm, owner) : NULL;
	if (!owner || BPF_CORE_READ(owner, tgid) != (int)tgid || !threads__can_be_walked())
		return 1;
	signal = BPF_CORE_READ(owner, signal);
	walk.head = (u64)signal + bpf_core_field_offset(struct signal_struct, thread_head);
	walk.next = (u64)BPF_CORE_READ(signal, thread_head.next);
	bpf_loop(THREADS_MAX, thread__look_at_pending, &walk, 0);
	/* One more if not all threads were visited. */
	return walk.pages + (walk.next != walk.head);
}

/* Takes the figures of a process now, as those of the edge. A process that is at its end, or has no
 * memory of its own any more, has no figures. */
__noinline int process__look(u32 tgid, u32 edge)
{
	struct process *p = bpf_map_lookup_elem(&processes, &tgid);
	struct thread_walk walk = {.looks = (u64)bpf_get_current_task_btf()};
	const struct signal_struct *signal;
	const struct task_struct *owner;
	const struct mm_struct *mm;
	struct rss rss = {};
	struct figures *f;

	if (!p || edge >= NR_EDGES)
		return 0;
	f = &p->edges[edge];
	f->known = 0;
	mm = (const struct mm_struct *)p->mm;
	owner = mm ? BPF_CORE_READ(mm, owner) : NULL;
	if (!owner || BPF_CORE_READ(owner, tgid) != (int)tgid)
		return 0;
	signal = BPF_CORE_READ(owner, signal);
	if (threads__can_be_walked()) {
		walk.head = (u64)signal + bpf_core_field_offset(struct signal_struct, thread_head);
		walk.next = (u64)BPF_CORE_READ(signal, thread_head.next);
		bpf_loop(THREADS_MAX, thread__visit, &walk, 0);
	}
	mm__rss(mm, &rss);
	for (u32 i = 0; i < NR_MM_COUNTERS; i++)
		rss.sum[i] += walk.held_back[i];
	f->anon = rss.sum[MM_ANONPAGES] + rss.sum[MM_SWAPENTS];
	f->swapped = rss.sum[MM_SWAPENTS];
	f->file = rss.sum[MM_FILEPAGES];
	f->shmem = rss.sum[MM_SHMEMPAGES];
	f->hugetlb = mm__hugetlb((struct mm_struct *)mm);
	f->page_tables = mm__page_tables((struct mm_struct *)mm);
	f->running = walk.running;
	f->known = 1;
	return 0;
}

/* Notes the memory that a process has from here on. By BPF_CORE_READ(): at each pointer that a
 * program follows by itself the verifier searches all of the kernel's BTF for a type that vouches
 * for it (57539b1c0ac2, 6.3). */
static __always_inline void process__enter(const struct task_struct *task)
{
	struct process *p = process__get(task->tgid);
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	struct task_state *ts;
	u64 freed;

	if (!p || !mm || p->mm == (u64)mm)
		return;
	/* The process has another mm since an execve() has succeeded. */
	if (p->mm) {
		ts = task_state__find(task);
		freed = ts ? ts->unmaps_freed : 0;
		p->let_go += p->exec_anon > freed ? p->exec_anon - freed : 0;
	}
	p->mm = (u64)mm;
	p->hugetlb_usage = mm__hugetlb(mm);
}

/* Ends the books of a process, with what it has now. Up to 6.15 it has given up its memory by
 * now. */
static __always_inline void process__close(const struct task_struct *task)
{
	struct process *p = process__get(task->tgid);

	if (!p)
		return;
	process__look(task->tgid, EDGE_CLOSE_BEFORE);
	p->edges[EDGE_CLOSE] = p->edges[EDGE_CLOSE_BEFORE];
	p->exited = 1;
}

struct edge_pass {
	u32 owner; /* the process whose files are looked at; 0: any target */
	u32 edge;  /* enum edge */
	s64 grown; /* EDGE_OPEN_BEFORE: pages that were added since the files were opened last */
};

static long backing__look(struct bpf_map *map, struct backing_key *key, struct backing *b,
			  struct edge_pass *pass)
{
	struct backing_key copy = *key;
	u64 pages;

	if (copy.tgid || (pass->owner && b->owner != pass->owner))
		return 0;
	if (pass->edge >= EDGE_CLOSE_BEFORE && b->exited)
		return 0;
	pages = backing__pages_now(&copy, b);
	switch (pass->edge) {
	case EDGE_OPEN_BEFORE:
		pass->grown += (s64)(pages - b->open_pages);
		b->open_before = pages;
		b->open_pages = pages;
		b->blocks = pages;
		b->exit_released = 0;
		b->exited = 0;
		break;
	case EDGE_OPEN:
		/* Huge pages are counted by how much "blocks" has changed, whenever somebody
		 * looks. */
		if (copy.kind != KIND_HUGETLB)
			b->open_pages = pages;
		break;
	case EDGE_CLOSE_BEFORE:
		b->exit_before = pages;
		break;
	default:
		b->exit_pages = pages;
		b->exited = 1;
	}
	return 0;
}

static long process__look_if_target(struct bpf_map *map, u32 *tgid, struct process *p,
				    struct edge_pass *pass)
{
	u32 number = *tgid;

	if (!tgid__test(target_bits, number) || (pass->edge >= EDGE_CLOSE_BEFORE && p->exited))
		return 0;
	process__look(number, pass->edge);
	if (pass->edge == EDGE_CLOSE)
		p->exited = 1;
	return 0;
}

static long process__look_at_pending(struct bpf_map *map, u32 *tgid, struct process *p, void *data)
{
	u32 number = *tgid;

	if (tgid__test(target_bits, number))
		process__in_flight(number);
	return 0;
}

/* Takes the figures of one process and its files at an edge; of all targets if pass->owner is 0. At
 * the close nothing new is counted any more, and pages in flight are looked for before the figures
 * are taken. */
static __always_inline void edge__look(struct edge_pass *pass, enum edge edge)
{
	struct process *p;

	pass->edge = edge;
	if (edge == EDGE_CLOSE && pass->owner)
		process__in_flight(pass->owner);
	else if (edge == EDGE_CLOSE)
		bpf_for_each_map_elem(&processes, process__look_at_pending, NULL, 0);
	bpf_for_each_map_elem(&backings, backing__look, pass, 0);
	if (!pass->owner) {
		bpf_for_each_map_elem(&processes, process__look_if_target, pass, 0);
		return;
	}
	process__look(pass->owner, edge);
	p = bpf_map_lookup_elem(&processes, &pass->owner);
	if (p && edge == EDGE_CLOSE)
		p->exited = 1;
}

static long process__watch(struct bpf_map *map, u32 *tgid, struct process *p, void *data)
{
	u32 number = *tgid;

	if (!tgid__test(target_bits, number))
		return 0;
	p->hugetlb_usage = p->edges[EDGE_OPEN_BEFORE].hugetlb;
	tgid__set(watched_bits, number);
	return 0;
}

/* The collector runs the programs below (BPF_PROG_RUN). Preemption is off then, since 5.10
 * (1b4d60ec162f). */

/* Counting begins for all targets. Their memory is in the tables by now. */
SEC("raw_tp")
int edge__open(void *ctx)
{
	struct edge_pass pass = {};

	edge__look(&pass, EDGE_OPEN_BEFORE);
	edge_ns = bpf_ktime_get_boot_ns();
	bpf_for_each_map_elem(&processes, process__watch, NULL, 0);
	closed = 0;
	edge__look(&pass, EDGE_OPEN);
	return 0;
}

/* Counting ends for all targets. */
SEC("raw_tp")
int edge__close(void *ctx)
{
	struct edge_pass pass = {};

	edge__look(&pass, EDGE_CLOSE_BEFORE);
	edge_ns = bpf_ktime_get_boot_ns();
	closed = 1;
	edge__look(&pass, EDGE_CLOSE);
	return 0;
}

static long cpu__learn(u32 cpu, u64 *base)
{
	u32 zero = 0;
	volatile u64 *offset = &cpu_offsets[cpu & (CPUS_MAX - 1)];
	u64 *element;

	if (cpu >= CPUS_MAX)
		return 1;
	element = bpf_map_lookup_percpu_elem(&cpu_anchor, &zero, cpu);
	if (!element)
		return 1;
	/* The verifier lets a pointer become a number only in memory. */
	*offset = (u64)element;
	*offset -= *base;
	nr_cpu_offsets = cpu + 1;
	return 0;
}

/* Learns how far each CPU's memory is from a per-CPU address: for an element of a map of its own
 * the program knows both. The kernel's own table (__per_cpu_offset) is out of reach where kallsyms
 * lists functions only. */
SEC("raw_tp")
int edge__learn_cpus(void *ctx)
{
	u64 base = 0;

	if (!bpf_core_field_exists(struct bpf_array, pptrs) ||
	    !(bpf_core_type_exists(struct mm_rss_stat)
		      ? threads__can_be_walked()
		      : bpf_core_field_exists(struct percpu_counter, counters)))
		return 0;
	*(volatile u64 *)&cpu_anchor_address = (u64)&cpu_anchor;
	bpf_probe_read_kernel(&base, sizeof(base),
			      (const void *)(*(volatile u64 *)&cpu_anchor_address +
					     bpf_core_field_offset(struct bpf_array, pptrs)));
	if (base && nr_cpus <= CPUS_MAX)
		bpf_loop(nr_cpus, cpu__learn, &base, 0);
	return 0;
}

#endif
