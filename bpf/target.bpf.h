/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Says which processes are traced, by one bit each, and what their threads are doing, by a state
 * each. Knows nothing of pages.
 *
 * Code that does not run for page after page is in global functions ("thread__..."), here and in
 * the other parts: the verifier goes through each of them once a program, not at every place and in
 * every state that it is called in. They take numbers, and look up the thread's state again; "of"
 * is the address of the thread's task_struct. 6.1 refuses pointers into maps as arguments, and 6.12
 * and 6.18 lose track of them.
 */
#ifndef MIGPOP_TARGET_BPF_H
#define MIGPOP_TARGET_BPF_H

static __always_inline bool tgid__test(const u64 *bits, u32 tgid)
{
	return bits[(tgid / 64) & (TGID_BITS / 64 - 1)] >> (tgid & 63) & 1;
}

static __always_inline void tgid__set(u64 *bits, u32 tgid)
{
	__sync_fetch_and_or(&bits[(tgid / 64) & (TGID_BITS / 64 - 1)], 1ULL << (tgid & 63));
}

static __always_inline void tgid__clear(u64 *bits, u32 tgid)
{
	__sync_fetch_and_and(&bits[(tgid / 64) & (TGID_BITS / 64 - 1)], ~(1ULL << (tgid & 63)));
}

/* Counts "n" lost events of the process "tgid", in the calling function's frame. */
static __always_inline void process__lose_here(u32 tgid, u32 kind, u64 n)
{
	struct process *p = bpf_map_lookup_elem(&processes, &tgid);

	if (kind < NR_LOST)
		__sync_fetch_and_add(p ? &p->lost[kind] : &lost[kind], n);
}

/* Does the same in a frame of its own. Do not call it where calls are deepest: 6.1 allows 512 bytes
 * in all. */
__noinline int process__lose(u32 tgid, u32 kind, u64 n)
{
	process__lose_here(tgid, kind, n);
	return 0;
}

static __always_inline bool is_target(const struct task_struct *task)
{
	return tgid__test(target_bits, task->tgid);
}

/* True if the process is a target that is being counted. A target that has a window of its own is
 * counted while the window is open. */
static __always_inline bool tgid__counts(u32 tgid)
{
	return tgid__test(target_bits, tgid) && (!windowed || tgid__test(watched_bits, tgid));
}

static __always_inline bool is_watched(const struct task_struct *task)
{
	return tgid__test(watched_bits, task->tgid) && !closed;
}

/* Returns the process whose record says that a call site found no room. If the call site is not a
 * target's own, it is the process whose memory was touched. */
static __always_inline u32 site_key__loser(const struct site_key *key)
{
	const struct backing *b;

	if (tgid__test(target_bits, key->tgid))
		return key->tgid;
	if (key->backing.tgid)
		return key->backing.tgid;
	b = bpf_map_lookup_elem(&backings, &key->backing);
	return b ? b->owner : key->tgid;
}

static __always_inline void site__add(const struct site_key *key, const struct site *add)
{
	struct site *site = bpf_map_lookup_elem(&sites, key);
	long err = 0;

	/* The update fails if the map is full (-E2BIG), if another CPU was first, or if a CPU that
	 * holds the bucket's lock is made to wait by its host (-ETIMEDOUT, since 6.15). The last is
	 * tried again: one event may stand for many pages. */
	for (u32 i = 0; i < 3 && !site && err != -E2BIG; i++) {
		err = bpf_map_update_elem(&sites, key, add, BPF_NOEXIST);
		if (!err)
			return;
		site = bpf_map_lookup_elem(&sites, key);
	}
	if (!site) {
		process__lose(site_key__loser(key), LOST_SITES,
			      add->faults + add->populated + add->released);
		return;
	}
	__sync_fetch_and_add(&site->faults, add->faults);
	__sync_fetch_and_add(&site->populated, add->populated);
	__sync_fetch_and_add(&site->zero_populated, add->zero_populated);
	__sync_fetch_and_add(&site->released, add->released);
	__sync_fetch_and_add(&site->fault_ns, add->fault_ns);
}

static __always_inline bool site_key__equal(const struct site_key *a, const struct site_key *b)
{
	const u64 *x = (const u64 *)a, *y = (const u64 *)b;

	return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4]) |
		 (x[5] ^ y[5]));
}

static __always_inline void site__sum(struct site *to, const struct site *add)
{
	to->faults += add->faults;
	to->populated += add->populated;
	to->zero_populated += add->zero_populated;
	to->released += add->released;
	to->fault_ns += add->fault_ns;
}

/* Counts for a thread that has no state, because it is not watched: in its row among the threads
 * that are gone. If processes have windows of their own, only their own threads have rows. */
static __noinline void thread__count(u32 tgid, u32 tid, const struct site *add)
{
	struct thread_key key = {.tgid = tgid, .tid = tid};
	struct thread *thread = bpf_map_lookup_elem(&threads, &key);
	struct thread made = {.sum = *add};

	if (windowed && !tgid__test(target_bits, tgid))
		return;
	if (!thread) {
		if (tid == (u32)bpf_get_current_pid_tgid())
			bpf_get_current_comm(made.comm, sizeof(made.comm));
		if (!bpf_map_update_elem(&threads, &key, &made, BPF_NOEXIST))
			return;
		thread = bpf_map_lookup_elem(&threads, &key);
	}
	if (!thread)
		return;
	__sync_fetch_and_add(&thread->sum.populated, add->populated);
	__sync_fetch_and_add(&thread->sum.released, add->released);
}

static __always_inline void task_state__flush(struct task_state *ts)
{
	struct site none = {};

	if (!(ts->tally.faults | ts->tally.populated | ts->tally.released))
		return;
	__sync_fetch_and_add(&ts->flushes, 1);
	site__add(&ts->tally_key, &ts->tally);
	site__sum(&ts->thread.sum, &ts->tally);
	ts->tally = none;
	__sync_fetch_and_add(&ts->flushes, 1);
}

/* Keeps what a thread that is gone has counted. An earlier thread with the same id may have left a
 * row: the new figures are added to it. */
static __always_inline void task_state__leave(struct task_state *ts)
{
	struct thread *before;

	task_state__flush(ts);
	if (!(ts->thread.sum.faults | ts->thread.sum.populated | ts->thread.sum.released))
		return;
	before = bpf_map_lookup_elem(&threads, &ts->thread_key);
	if (before)
		site__sum(&ts->thread.sum, &before->sum);
	bpf_map_update_elem(&threads, &ts->thread_key, &ts->thread, BPF_ANY);
}

static __always_inline struct task_state *task_state__at(u32 pid, u64 of)
{
	u32 slot = pid % TASK_SLOTS;
	struct task_state *ts = bpf_map_lookup_elem(&task_slots, &slot);

	if (ts && ts->task == of)
		return ts;
	ts = bpf_map_lookup_elem(&tasks, &pid);
	return ts && ts->task == of ? ts : NULL;
}

static __always_inline struct task_state *task_state__find(const struct task_struct *task)
{
	return task_state__at(task->pid, (u64)task);
}

/* Finds the state of a thread by the address of its task_struct, in a global function. */
static __always_inline struct task_state *task_state__of(u64 of)
{
	return task_state__at(BPF_CORE_READ((const struct task_struct *)of, pid), of);
}

/* Returns the thread that a state belongs to, as a number. The read is volatile: clang would pass a
 * pointer that it knows to be equal. */
static __always_inline u64 task_state__thread(const struct task_state *ts)
{
	return *(const volatile u64 *)&ts->task;
}

__noinline int thread__flush(u64 of)
{
	struct task_state *ts = task_state__of(of);

	if (ts)
		task_state__flush(ts);
	else
		process__lose(BPF_CORE_READ((const struct task_struct *)of, tgid), LOST_TASKS, 1);
	return 0;
}

/* Counts an event. A migration loop counts at one call site a million times, so the thread keeps
 * the counts of its last call site in its own state, and adds them to the map when another one
 * comes. The collector adds what is left. */
static __always_inline void task_state__count(struct task_state *ts, const struct site_key *key,
					      const struct site *add)
{
	if (!site_key__equal(key, &ts->tally_key)) {
		thread__flush(task_state__thread(ts));
		ts->tally_key = *key;
		ts->tally = *add;
		ts->last_mapping = 0;
		return;
	}
	site__sum(&ts->tally, add);
}

static __always_inline void task_state__init(struct task_state *ts, const struct task_struct *task)
{
	ts->thread_key.tgid = task->tgid;
	ts->thread_key.tid = task->pid;
	ts->syscall = SYSCALL_NONE;
	ts->context = CONTEXT_SYSCALL; /* until it faults in user mode */
	ts->stack = STACK_NOT_TAKEN;
	/* The first event that is timed is chosen at random: if it were always the same, nothing
	 * would be known of short threads. */
	ts->timed_next = 1 + bpf_get_prandom_u32() % EVENTS_PER_SAMPLE;
}

/* Makes an entry for the state of the current thread in the hash. */
__noinline int thread__enter(void)
{
	const struct task_struct *task = bpf_get_current_task_btf();
	u32 pid = task->pid;
	struct task_state *ts = bpf_map_lookup_elem(&tasks, &pid);

	if (ts) /* an earlier thread with this id has left its state */
		task_state__leave(ts);
	bpf_map_update_elem(&tasks, &pid, &task_state_none, BPF_ANY);
	ts = bpf_map_lookup_elem(&tasks, &pid);
	if (!ts) {
		process__lose(task->tgid, LOST_TASKS, 1);
		return 0;
	}
	ts->task = (u64)task;
	task_state__init(ts, task);
	return 0;
}

/* Finds or makes the state of the current thread. It is in the slot of the thread's id, which is a
 * look-up in an array. If another thread has that slot, it is in the hash. */
static __always_inline struct task_state *task_state__get(const struct task_struct *task)
{
	u32 pid = task->pid, slot = pid % TASK_SLOTS;
	struct task_state *ts = bpf_map_lookup_elem(&task_slots, &slot);

	if (ts) {
		if (ts->task == (u64)task)
			return ts;
		if (!ts->task && !__sync_val_compare_and_swap(&ts->task, 0, (u64)task)) {
			task_state__init(ts, task);
			return ts;
		}
	}
	ts = bpf_map_lookup_elem(&tasks, &pid);
	if (ts && ts->task == (u64)task)
		return ts;
	thread__enter();
	ts = bpf_map_lookup_elem(&tasks, &pid);
	return ts && ts->task == (u64)task ? ts : NULL;
}

/* Frees the state of a thread that is gone, and adds to the maps what it counted last. */
static __always_inline void task_state__release(struct task_state *ts, u32 pid, u32 tgid)
{
	u32 slot = pid % TASK_SLOTS;
	struct process *p;

	if (closed)
		return; /* the collector is reading */
	if (ts->is_unmapping)
		__sync_fetch_and_sub(&nr_unmapping, 1);
	task_state__leave(ts);
	p = bpf_map_lookup_elem(&processes, &tgid);
	__sync_fetch_and_add(p ? &p->events : &events, ts->events);
	__sync_fetch_and_add(p ? &p->sampled_ns : &sampled_ns, ts->sampled_ns);
	if (ts == bpf_map_lookup_elem(&task_slots, &slot))
		bpf_map_update_elem(&task_slots, &slot, &task_state_none, BPF_ANY);
	else
		bpf_map_delete_elem(&tasks, &pid);
}

/* When an event of the current thread began, if the event is timed; otherwise 0. An event ends with
 * the scope in which it is declared, whichever way that scope is left. */
struct event {
	u64 began_ns;
};

#define ENDS_WITH_SCOPE __attribute__((cleanup(event__end), unused))

/* Reads the clock first: the look-up of the state below costs what the event has paid for its own
 * look-up, before it was known to be timed. */
__noinline u64 current__begin_timed(void)
{
	u64 now = bpf_ktime_get_ns();
	const struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *ts = task_state__find(task);

	if (!ts)
		return 0;
	ts->timed_next = ts->events + EVENTS_PER_SAMPLE;
	ts->switches = task->nvcsw + task->nivcsw;
	return now;
}

/* No event takes so long: 0.1 to 0.6 us were measured, and 4 us on an emulated machine. If one
 * does, the hypervisor let others run on the CPU. */
enum { EVENT_MAX_NS = 1 << 17 };

/* Adds the time of an event. If other threads ran meanwhile, their time is no part of its cost: the
 * next event is timed in its place. */
__noinline int current__end_timed(u64 began_ns)
{
	const struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *ts = task_state__find(task);
	u64 took = bpf_ktime_get_ns() - began_ns;

	if (!ts)
		return 0;
	if (ts->switches != task->nvcsw + task->nivcsw || took > EVENT_MAX_NS)
		ts->timed_next = ts->events + 1;
	else
		ts->sampled_ns += took;
	return 0;
}

/* Counts an event of the current thread, whose state is "ts". "ts" is NULL if the thread is not
 * watched, or has no state: such events are not counted. One event in EVENTS_PER_SAMPLE is timed,
 * which is a prime, because the events of a loop take turns (enter, allocate, leave). The kernel's
 * own statistics of programs would patch its text at every start, would cost more than the event
 * does, and would not tell one process from another. */
static __always_inline struct event event__begin(struct task_state *ts)
{
	struct event event = {};

	if (ts && ++ts->events >= ts->timed_next)
		event.began_ns = current__begin_timed();
	return event;
}

static __always_inline void event__end(const struct event *event)
{
	if (event->began_ns)
		current__end_timed(event->began_ns);
}

/* A thread that enters the kernel is in no fault. If its state says that it is in one, the fault
 * has ended without its program: forgets it. */
static __always_inline void task_state__forget_function(struct task_state *ts)
{
	if (!faults_by_tracepoint || !ts->in_function)
		return;
	ts->in_function = 0;
	ts->entry_ns = 0;
}

static __always_inline struct process *process__get(u32 tgid)
{
	struct process *p = bpf_map_lookup_elem(&processes, &tgid);

	if (p)
		return p;
	if (bpf_map_update_elem(&processes, &tgid, &process_none, BPF_NOEXIST) == -E2BIG)
		__sync_fetch_and_add(&lost[LOST_TASKS], 1);
	return bpf_map_lookup_elem(&processes, &tgid);
}

/* Returns the system call that a task is in, or what kind of worker it is; SYSCALL_NONE if it came
 * into the kernel by an exception. Sets the PC of user mode; 0 for workers, which have none worth
 * showing.
 *
 * orig_ax is -1 after an exception, and otherwise the number of the system call (measured: in 1000
 * of 1000 faults, and for 2000 of 2000 pages of a read()). */
static __always_inline s32 task__syscall(const struct task_struct *task, u64 *ip)
{
	struct pt_regs *regs;
	s64 nr;

	*ip = 0;
	if (task->flags & PF_IO_WORKER)
		return SYSCALL_IO_URING;
	if (task->flags & PF_USER_WORKER)
		return SYSCALL_VHOST;
	if (task->flags & PF_KTHREAD)
		return SYSCALL_KTHREAD;
	regs = (struct pt_regs *)bpf_task_pt_regs((void *)task);
	nr = regs__syscall(regs);
	*ip = regs__ip(regs);
	return nr < 0 ? SYSCALL_NONE : (s32)nr;
}

static __always_inline void task_state__key(const struct task_state *ts, u32 tgid,
					    struct site_key *key)
{
	__builtin_memset(key, 0, sizeof(*key));
	key->ip = ts->ip;
	key->tgid = tgid;
	key->syscall = ts->exiting ? SYSCALL_EXIT : ts->syscall;
	key->stack = ts->stack;
}

#endif
