/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Windows that open and close with a migration, at the event that tells of it: the thread by which
 * QEMU sends, the stream that it receives. Knows nothing of pages but the kernel's own figures.
 */
#ifndef MIGPOP_WINDOW_BPF_H
#define MIGPOP_WINDOW_BPF_H

static __always_inline void window_event__send(u32 tgid, enum window_event_kind kind, u32 thread,
					       s32 stream)
{
	struct window_event event = {
		.tgid = tgid, .kind = kind, .thread = thread, .stream = stream};

	if (bpf_ringbuf_output(&window_events, &event, sizeof(event), 0))
		window_events_missed = 1;
}

/* A migration by "exec:" forks first. The child has the memory of QEMU until it executes the
 * command, which takes a while on a busy machine. A child that was forked longer ago has memory of
 * its own by now. */
#define CHILD_EXECS_NS 10000000000ULL

/* Opens the window of a process whose migration has begun. What its threads remember of its memory
 * is void, because nobody looked at it meanwhile. */
__noinline int window__begin_of(u32 tgid)
{
	struct process *p = bpf_map_lookup_elem(&processes, &tgid);
	struct window *w = bpf_map_lookup_elem(&windows, &tgid);
	struct edge_pass pass = {.owner = tgid};
	u64 now;

	if (!w || w->state != WINDOW_WAKES)
		return 0;
	edge__look(&pass, EDGE_OPEN_BEFORE);
	if (__sync_val_compare_and_swap(&w->state, WINDOW_WAKES, WINDOW_OPEN) != WINDOW_WAKES)
		return 0;
	now = bpf_ktime_get_boot_ns();
	if (p) {
		p->hugetlb_usage = p->edges[EDGE_OPEN_BEFORE].hugetlb;
		p->settled = 0;
		p->let_go = p->let_go_huge = p->copied = p->waits = 0;
		if (now - p->forked_ns > CHILD_EXECS_NS)
			p->shared = 0;
		p->exited = 0;
	}
	if (w->open_ns) {
		w->late_ns = now - w->open_ns;
		w->late_pages = pass.grown;
	}
	w->open_ns = now;
	__sync_fetch_and_add(&vma_generation, 1);
	tgid__set(watched_bits, tgid);
	tgid__set(signal_bits, tgid);
	edge__look(&pass, EDGE_OPEN);
	window_event__send(tgid, WINDOW_EVENT_OPEN, 0, -1);
	return 0;
}

/* Opens the window of the current process. */
__noinline int window__begin(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 mm = (u64)BPF_CORE_READ(task, mm);
	u32 tgid = task->tgid;
	struct process *p = process__get(tgid);

	if (p && mm)
		p->mm = mm;
	return window__begin_of(tgid);
}

/* A migration of the current process begins. Its window opens at once if the hooks that count are
 * attached. Otherwise it opens when the thread that migrates is met next: the kernel's figures tell
 * what the thread populates until then. */
static __always_inline void window__open(struct window *w, u32 thread, s32 stream,
					 enum window_signal by)
{
	u32 tgid = bpf_get_current_task_btf()->tgid;
	struct edge_pass pass = {.owner = tgid};

	if (__sync_val_compare_and_swap(&w->state, WINDOW_WAITS, WINDOW_WAKES) != WINDOW_WAITS) {
		/* The collector has not read the last window yet. */
		if (w->state == WINDOW_OVER)
			window_event__send(tgid, WINDOW_EVENT_BEGUN, thread, stream);
		return;
	}
	w->thread = thread;
	w->stream = stream;
	w->incoming = !thread;
	w->opened_by = by;
	w->open_ns = 0;
	w->said = WORD_NONE;
	if (awake) {
		window__begin();
		return;
	}
	pass.edge = EDGE_OPEN_BEFORE;
	bpf_for_each_map_elem(&backings, backing__look, &pass, 0);
	w->open_ns = bpf_ktime_get_boot_ns();
	tgid__set(signal_bits, tgid);
	window_event__send(tgid, WINDOW_EVENT_SOON, 0, -1);
}

/* Called at a fault or a system call of a process that is not counted. True if its window opens
 * with this event. */
static __always_inline bool window__begins_here(const struct task_struct *task)
{
	u32 tgid = task->tgid;
	struct window *w;

	if (!windowed || !awake || !tgid__test(signal_bits, tgid))
		return false;
	w = bpf_map_lookup_elem(&windows, &tgid);
	if (!w || w->state != WINDOW_WAKES || (w->thread && w->thread != (u32)task->pid))
		return false;
	window__begin();
	return tgid__test(watched_bits, tgid);
}

/* Closes the window of a process: nothing that the process does counts from here on. */
__noinline int window__close_of(u32 tgid, u32 by)
{
	struct window *w = bpf_map_lookup_elem(&windows, &tgid);
	struct edge_pass pass = {.owner = tgid};

	if (!w || w->state != WINDOW_OPEN)
		return 0;
	edge__look(&pass, EDGE_CLOSE_BEFORE);
	if (__sync_val_compare_and_swap(&w->state, WINDOW_OPEN, WINDOW_OVER) != WINDOW_OPEN)
		return 0;
	tgid__clear(watched_bits, tgid);
	if (!(w->awaits &
	      AWAITS_STREAM)) /* otherwise the next stream may come before this window was read */
		tgid__clear(signal_bits, tgid);
	w->close_ns = bpf_ktime_get_boot_ns();
	w->closed_by = by;
	edge__look(&pass, EDGE_CLOSE);
	window_event__send(tgid, WINDOW_EVENT_CLOSE, 0, -1);
	return 0;
}

static __always_inline void window__close(enum window_signal by)
{
	window__close_of(bpf_get_current_task_btf()->tgid, by);
}

/* The collector runs the two programs below with the pid of a process: when its migration is under
 * way already, and to end its window early ("by" is args[1]). */
SEC("raw_tp")
int window__begin_now(struct bpf_raw_tracepoint_args *ctx)
{
	return window__begin_of((u32)ctx->args[0]);
}

SEC("raw_tp")
int window__close_now(struct bpf_raw_tracepoint_args *ctx)
{
	return window__close_of((u32)ctx->args[0], (u32)ctx->args[1]);
}

/* Returns what a thread of this name is there for. */
static __always_inline u32 thread__kind(const struct vmm_thread_name *name)
{
	const u32 *kind = bpf_map_lookup_elem(&thread_kinds, name);

	return kind ? *kind : THREAD_UNKNOWN;
}

/* True if the name of a thread can tell this window anything. */
static __always_inline bool window__hears_threads(const struct window *w)
{
	return w->state == WINDOW_OPEN ? w->incoming && !w->postcopy_ns : w->awaits & AWAITS_THREAD;
}

/* A thread of that kind has appeared. */
static __always_inline void window__on_thread_kind(struct window *w, u32 tgid, u32 pid, u32 kind,
						   enum window_signal by)
{
	if (kind == THREAD_LISTENS) {
		if (w->state == WINDOW_OPEN)
			w->postcopy_ns = bpf_ktime_get_boot_ns();
	} else if (kind == THREAD_CONNECTS) {
		window_event__send(tgid, WINDOW_EVENT_SOON, 0, -1);
	} else if (kind != THREAD_UNKNOWN && w->state != WINDOW_OPEN) {
		w->sender = kind; /* the kinds that send have the values of enum sender_thread */
		window__open(w, pid, -1, by);
	}
}

/* A thread takes a name: QEMU's threads do with -name debug-threads=on. */
__noinline int window__on_name(u32 pid, u32 tgid, u64 name)
{
	struct window *w = bpf_map_lookup_elem(&windows, &tgid);
	struct vmm_thread_name key = {};

	if (!w || !window__hears_threads(w))
		return 0;
	key.vmm = w->vmm;
	bpf_probe_read_kernel_str(key.comm, sizeof(key.comm), (const void *)name);
	window__on_thread_kind(w, tgid, pid, thread__kind(&key), SIGNAL_THREAD_NAME);
	return 0;
}

/*
 * A VMM may start each thread with an argument that points to the thread's name, even if the
 * thread does not take the name (QEMU's QemuThreadArgs, util/qemu-thread-posix.c). glibc keeps the
 * argument in the thread's own descriptor, to which its fs base points: somewhere in the words that
 * are searched. It is there before the thread is created.
 */
enum { DESCRIPTOR_WORDS = 40 };

__noinline int window__on_thread(u32 pid, u32 tgid, u64 descriptor)
{
	struct window *w = bpf_map_lookup_elem(&windows, &tgid);
	u32 at, kind;

	if (!w || !window__hears_threads(w))
		return 0;
	at = vmm_signs[w->vmm % VMM_MAX].argument_name;
	if (!at)
		return 0;
	for (u32 i = 0; i < DESCRIPTOR_WORDS; i++) {
		struct vmm_thread_name key = {};
		u64 argument = 0, name = 0;

		bpf_probe_read_user(&argument, sizeof(argument),
				    (const void *)(descriptor + DESCRIPTOR_FROM + i * 8));
		if (argument < 4096 || argument & 7)
			continue;
		if (bpf_probe_read_user(&name, sizeof(name), (const void *)(argument + at)) ||
		    name < 4096)
			continue;
		if (bpf_probe_read_user_str(key.comm, sizeof(key.comm), (const void *)name) < 0)
			continue;
		key.vmm = w->vmm;
		kind = thread__kind(&key);
		if (kind != THREAD_UNKNOWN) {
			window__on_thread_kind(w, tgid, pid, kind, SIGNAL_THREAD_ARGUMENT);
			break;
		}
	}
	return 0;
}

/* True if a connection to a process that waits for a stream begins with TLS. Other protocols say
 * something in the clear first. */
static __always_inline bool window__is_tls_begin(struct window *w, s32 fd, u32 bytes)
{
	if (fd != w->accepted || is_tls(bytes))
		return fd == w->accepted;
	w->accepted = -1;
	return false;
}

/* A call that reads ends in a process that waits for a stream. */
static __always_inline void window__await_stream(struct window *w, s32 fd, u64 data, s64 ret)
{
	bool encrypted;
	u32 bytes = 0;

	if (ret < 4 || bpf_probe_read_user(&bytes, sizeof(bytes), (const void *)data))
		return;
	encrypted = window__is_tls_begin(w, fd, bytes);
	if (!window__is_magic(w, bytes) && !encrypted)
		return;
	window__open(w, 0, fd, SIGNAL_STREAM_BEGIN);
	if (w->state != WINDOW_OVER)
		window__take_stream(w, fd, encrypted);
}

/* include/uapi/linux/kvm.h */
#define KVM_RUN 0xae80u

/* A system call ends in a process whose calls tell that a window begins or ends. */
__noinline int window__on_syscall_exit(s64 ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs((void *)task);
	s32 nr = (s32)regs__syscall(regs), fd = (s32)regs__arg1(regs);
	u32 tgid = task->tgid, pid = task->pid;
	u64 second = regs__arg2(regs), data;
	struct window *w = bpf_map_lookup_elem(&windows, &tgid);
	bool waits;

	if (!w)
		return 0;
	waits = w->state != WINDOW_OPEN;
	if (waits && !(w->awaits & AWAITS_STREAM))
		return 0;
	if ((nr == __NR_accept4 || nr == __NR_accept) && ret >= 0)
		w->accepted = (s32)ret;
	data = reads_into(nr, second);
	if (data && waits)
		window__await_stream(w, fd, data, ret);
	else if (data)
		window__on_data(w, fd, data, ret);
	else if (nr == __NR_ioctl && (u32)second == KVM_RUN && !w->incoming)
		w->ran_ns = bpf_ktime_get_boot_ns();
	else if (fd == w->stream && w->thread == pid && sends(nr))
		window__on_sent(tgid, nr, ret);
	else if (pid != tgid && sends_pieces(nr) && (ret == -EPIPE || ret == -ECONNRESET))
		w->channel = 1;
	return 0;
}

/* The stream that came here is closed: the migration has ended, unless it is only interrupted. How
 * it ended is known when the thread that closed the stream is back in its main loop: if QEMU could
 * not load what it has read, it closes the stream and exits. */
static __always_inline void window__on_stream_close(struct window *w, u32 pid)
{
	bool is_known = w->shut || w->broken || w->said;

	w->stream = w->accepted = -1;
	if (w->postcopy_ns && !w->shut && !w->said)
		return;
	if (is_known)
		window__close(SIGNAL_STREAM_END);
	else
		w->closer = pid;
}

/* A call begins in a process whose window is open. */
static __always_inline void window__on_call(struct window *w, s32 nr, s32 fd, bool runs)
{
	u32 pid = bpf_get_current_task_btf()->pid;

	if (nr == __NR_shutdown && (w->stream < 0 || fd == w->stream)) {
		w->cut = fd;
		/* A stream that the thread that migrates shuts down itself has failed. */
		if (w->stream >= 0)
			window__on_broken(w, w->thread == pid ? STREAM_FAILED : STREAM_CUT);
	}
	if (nr == __NR_close && fd >= 0 && fd == w->stream) {
		if (w->incoming)
			window__on_stream_close(w, pid);
		else
			w->stream = -1;
	} else if (w->closer == pid && polls(nr)) {
		window__close(SIGNAL_STREAM_END);
	} else if (runs && w->incoming && !w->ran_ns) {
		w->ran_ns = bpf_ktime_get_boot_ns();
	}
}

/* A system call begins in a process whose calls tell that a window begins or ends. */
__noinline int window__on_syscall_enter(s32 nr)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs((void *)task);
	u32 tgid = task->tgid, second = (u32)regs__arg2(regs);
	struct window *w = bpf_map_lookup_elem(&windows, &tgid);
	bool runs = nr == __NR_ioctl && second == KVM_RUN;
	s32 fd = (s32)regs__arg1(regs);

	if (!w)
		return 0;
	if (w->state == WINDOW_WAITS && runs) {
		/* A guest that runs here is not awaited any more: its calls tell nothing. */
		if (__sync_fetch_and_and(&w->awaits, ~AWAITS_STREAM) & AWAITS_STREAM) {
			tgid__clear(signal_bits, tgid);
			window_event__send(tgid, WINDOW_EVENT_RUNS, 0, -1);
		}
		return 0;
	}
	if (w->state == WINDOW_WAITS || w->state == WINDOW_OVER)
		return 0;
	if (sends(nr))
		window__on_send(tgid, nr, fd);
	else if (w->state == WINDOW_OPEN)
		window__on_call(w, nr, fd, runs);
	return 0;
}

/* A thread ends, perhaps the last one of the process. */
__noinline int window__on_exit(u32 last)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 tgid = task->tgid;
	struct window *w = bpf_map_lookup_elem(&windows, &tgid);

	if (!w)
		return 0;
	/* The migration was over before its window could open: opens the window now. */
	if (w->state == WINDOW_WAKES && (last || w->thread == (u32)task->pid))
		window__begin();
	if (w->state != WINDOW_OPEN)
		return 0;
	if (last) {
		int code = BPF_CORE_READ(task, signal, group_exit_code);

		w->exit_code = code ? code : BPF_CORE_READ(task, exit_code);
		window__close(SIGNAL_PROCESS_END);
	} else if (!BPF_CORE_READ(task, signal, group_exit_code)) {
		if (w->thread == (u32)task->pid)
			window__close(SIGNAL_THREAD_END);
		else if (w->closer == (u32)task->pid)
			window__close(SIGNAL_STREAM_END);
	}
	return 0;
}

/* Returns the number of the VMM whose programs have such a name in the kernel; VMM_MAX if no VMM's
 * have. The collector looks closer. */
static __always_inline u32 comm__vmm(const struct task_struct *task)
{
	u64 comm[COMM_SIZE / 8] = {};

	bpf_probe_read_kernel(comm, sizeof(comm), task->comm);
	for (u32 i = 0; i < VMM_COMMS_MAX && i < nr_vmm_comms; i++) {
		const volatile struct vmm_comm_mask *m = &vmm_comms[i];

		if ((comm[0] & m->mask[0]) == m->comm[0] && (comm[1] & m->mask[1]) == m->comm[1])
			return (u32)m->vmm;
	}
	return VMM_MAX;
}

/* What the collector has said of the program that the current process executes: PROGRAM_IS_VMM or
 * more, less than PROGRAM_ASKED_MAX if the collector is to be asked, or PROGRAM_ASKED_MAX. */
static __always_inline u32 program__asked(const struct task_struct *task, struct program_key *key)
{
	const struct inode *inode = BPF_CORE_READ(task, mm, exe_file, f_inode);
	u32 once = 1, *asked;

	if (!inode)
		return PROGRAM_ASKED_MAX;
	key->inode = BPF_CORE_READ(inode, i_ino);
	key->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	key->generation = BPF_CORE_READ(inode, i_generation);
	asked = bpf_map_lookup_elem(&programs, key);
	if (!asked) {
		bpf_map_update_elem(&programs, key, &once, BPF_ANY);
		return 0;
	}
	if (*asked < PROGRAM_ASKED_MAX)
		__sync_fetch_and_add(asked, 1);
	return *asked;
}

/* Tells the collector that a program was started. "key" is all 0 if the program is known by its
 * name; otherwise the collector says what it is. */
static __always_inline void window__tell_exec(u32 tgid, const struct program_key *key)
{
	struct exec_event event = {.event = {.tgid = tgid, .kind = WINDOW_EVENT_EXEC, .stream = -1},
				   .program = *key};

	if (bpf_ringbuf_output(&window_events, &event, sizeof(event), 0))
		window_events_missed = 1;
}

/* A program was started in the current process. If every emulator is watched, an emulator gets its
 * window before it can read a stream: the collector may be busy, and a stream begins only once. */
static __always_inline void window__on_exec(const struct task_struct *task)
{
	struct window w = {.awaits = arm_started, WINDOW_UNKNOWN}, *old;
	u32 tgid = task->tgid, asked;
	struct program_key key = {};

	w.vmm = comm__vmm(task);
	if (w.vmm == VMM_MAX) {
		asked = arm_started ? program__asked(task, &key) : PROGRAM_ASKED_MAX;
		if (asked < PROGRAM_ASKED_MAX)
			window__tell_exec(tgid, &key);
		if (asked < PROGRAM_IS_VMM)
			return;
		w.vmm = asked - PROGRAM_IS_VMM;
	}
	old = bpf_map_lookup_elem(&windows, &tgid);
	/* A QEMU that updates itself (cpr-exec) starts the new QEMU in its own process. The new one
	 * reads at once what the old one saved. */
	if (old && arm_started & AWAITS_STREAM && is_target(task) && old->state != WINDOW_OPEN) {
		old->executed = 1;
		old->vmm = w.vmm;
		old->awaits |= arm_started;
		tgid__set(signal_bits, tgid);
	}
	/* If there is a window already, an earlier process with this pid left it, and is not
	 * forgotten yet. */
	if (arm_started && !is_target(task) &&
	    !bpf_map_update_elem(&windows, &tgid, &w, BPF_NOEXIST)) {
		tgid__set(target_bits, tgid);
		if (arm_started & AWAITS_STREAM)
			tgid__set(signal_bits, tgid);
	}
	window__tell_exec(tgid, &key);
}

/* Attached only if targets have windows of their own. */
SEC("tp_btf/task_rename")
int BPF_PROG(window__task_rename, struct task_struct *task, const char *comm)
{
	if (tgid__test(target_bits, task->tgid))
		window__on_name(task->pid, task->tgid, (u64)comm);
	return 0;
}

#endif
