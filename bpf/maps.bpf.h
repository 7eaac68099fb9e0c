/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every map and every global of the programs. Sizes are defaults: the collector may raise them
 * before it loads the programs.
 */
#ifndef MIGPOP_MAPS_BPF_H
#define MIGPOP_MAPS_BPF_H

/* One bit for each thread group id, up to the kernel's PID_MAX_LIMIT: whether a process is traced
 * costs one load. */
enum { CPUS_MAX = 4096 };

#define TGID_BITS (4 * 1024 * 1024)

u64 target_bits[TGID_BITS / 64];  /* traced processes */
u64 watched_bits[TGID_BITS / 64]; /* traced processes while they are counted, and others that touch
				     their memory */
u64 signal_bits[TGID_BITS /
		64]; /* processes whose system calls tell that a window begins or ends */

u64 lost[NR_LOST]; /* losses of processes that have no struct process */

/* Raised when a watched process changes its mappings: cached look-ups of mappings are void then. */
u64 vma_generation;

/* Set when a watched process has hugetlb memory. Its pages come from a pool, and no allocation
 * event shows them: programs look for them from then on. */
u32 hugetlb_in_use;
struct backing_key hugetlb_files[HUGETLB_FILES_MAX];

/* Number of ordinary files in the table of backings. While it is 0, nobody needs to know what is
 * brought into the page cache. */
u32 nr_files;

/* Number of calls under way, of all targets, that unmap private memory. */
u32 nr_unmapping;

/* Set by the collector if the hook that tells holes from data is attached. */
u32 tells_holes;

/* Set while the iterator over mappings looks for other processes that map a target's memory. */
u32 finding_others;

/* Set before the one window of all targets opens, and when it has closed: nothing counts then. */
u32 closed;

/* Number of targets that live. With the last of them the books of shared files end. */
s32 nr_targets;

/* Events, and what the timed ones took, of threads that are gone and of no process known. */
u64 events;
u64 sampled_ns;

/* Set by the collector while the machine has swap. */
u32 swap_in_use;

/* Set when the hooks that count are attached: windows may open. */
u32 awake;

/* How far a CPU's own memory is from a per-CPU address. Not known if there are more than
 * CPUS_MAX. */
u64 cpu_offsets[CPUS_MAX];
u32 nr_cpu_offsets;
u64 cpu_anchor_address;

/* Set by the collector if the kernel gives huge pages to memory that did not ask for them. */
u32 huge_always;

/* How many pages of the huge page that khugepaged is making were holes. khugepaged is one
 * thread. */
u32 collapse_holes;

/* Set when a target has had a child with a copy of its memory. */
u32 forked;

u64 edge_ns; /* by CLOCK_BOOTTIME, when counting began or, later, when it ended */

const volatile u32 nr_cpus; /* CPUs that the machine can have */

/* Where the kernel's array of pages begins, and how it is found (attach_classic.bpf.h): the thread
 * of the collector that allocates, 0 when it has done so; what it was told last; how often the
 * results agreed. */
u64 vmemmap, vmemmap_page;
u32 vmemmap_finder, vmemmap_agreed, vmemmap_differed;

/* Set if the kernel can preempt programs at functions, and skips them for other threads meanwhile:
 * faults begin with the tracepoints then, and what the functions add may be missing. */
const volatile bool faults_by_tracepoint;
const volatile bool follow_children;
const volatile bool windowed;   /* targets have windows of their own (struct window) */
const volatile u32 arm_started; /* enum window_awaits for emulators that are started; 0: they have
				   no window before the collector knows of them */
const volatile u32 stack_kind;  /* enum stack_kind */
/* What VMMs are recognised by, from their rows of src/vmm/. */
const volatile struct vmm_signs vmm_signs[VMM_MAX];
const volatile struct vmm_comm_mask vmm_comms[VMM_COMMS_MAX];
const volatile u32 nr_vmm_comms;
const volatile u32 max_chains;
const volatile u32 max_raw_chains; /* at most so many chains stand for stacks */

/* Raised when rows or mappings change: chains that threads remember are void then. */
u64 unwind_generation = 1;
u32 nr_chains;       /* chains that have been in use once */
u32 nr_raw_chains;   /* chains that stand for a stack, or did when the collector last gave room back
		      */
u64 runs_not_missed; /* runs that the kernel counts as missed, because a program faulted itself */
u32 mapping_changes_missed; /* the ring was full: the collector must read all mappings anew */
u32 window_events_missed;   /* the same */
s32 launched_pid;           /* the thread that waits after it has mapped code; 0: none */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct site_key);
	__type(value, struct site);
} sites SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TASK_SLOTS);
	__uint(map_flags, BPF_F_MMAPABLE); /* the collector reads it all, without system calls */
	__type(key, u32);
	__type(value, struct task_state);
} task_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct task_state);
} tasks SEC(".maps");

/* Threads that are gone. If there is no room for one, its process has the loss. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct thread_key);
	__type(value, struct thread);
} threads SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct backing_key);
	__type(value, struct backing);
} backings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct process);
} processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct advice_key);
	__type(value, struct advice);
} advices SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} cpu_anchor SEC(".maps");

/* The windows of targets that have windows of their own. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct window);
} windows SEC(".maps");

/* What the threads of VMMs are there for; the collector fills it in. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, struct vmm_thread_name);
	__type(value, u32); /* enum thread_kind */
} thread_kinds SEC(".maps");

/* Programs that were started while emulators are awaited. A program that was not started for long
 * makes room for another. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct program_key);
	__type(value, u32);
} programs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16384);
} window_events SEC(".maps");

/* Below: call chains. The collector sizes them before load. */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct unwind_row);
} unwind_rows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct unwind_mapping);
} unwind_mappings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u32);
	__type(value, struct unwind_process);
} unwind_processes SEC(".maps");

/* The programs that unwind. Each has a scratch of its own. */
enum unwind_program {
	UNWIND_IN_USER_FAULT,
	UNWIND_IN_KERNEL_FAULT,
	UNWIND_IN_ALLOC,
	UNWIND_IN_SYS_ENTER,
	UNWIND_IN_PAGE_CACHE,
	UNWIND_IN_FUNCTION,
	NR_UNWIND_PROGRAMS,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NR_UNWIND_PROGRAMS);
	__type(key, u32);
	__type(value, struct unwind);
} unwinds SEC(".maps");

enum { MEMO_WAYS = 4, MEMO_PIECE = 2048, MAPPINGS_MAX = 65536 };

/* A chain that a thread remembers, with the registers and words that it rests on. */
struct memo_way {
	u64 ip, sp, bp, lr;
	u64 generation; /* 0: none */
	s32 chain;
	u32 end;
	u32 span; /* bytes from sp on that hold its words, without those beyond the piece */
	u16 nr_words;
	u8 uses_bp, exact;
	u32 far; /* some of the words are beyond the piece */
	u32 uses_lr;
	struct unwind_word words[UNWIND_WORDS_MAX];
};

struct memo {
	u64 task;
	u32 next; /* the way to be replaced */
	u32 last; /* the way that was found, or filled, last */
	u64 piece[MEMO_PIECE / 8];
	struct memo_way ways[MEMO_WAYS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct memo);
} memos SEC(".maps");

/* A chain without frames is free. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct chain);
} chains SEC(".maps");

/* Numbers of chains that no call site has any more. The collector puts them there. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 1);
	__type(value, u32);
} free_chains SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u64);
	__type(value, u32);
} chain_ids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16384);
} mapping_changes SEC(".maps");

/* Stacks that could not be unwound yet, on their way to the collector. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} raw_stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NR_UNWIND_PROGRAMS);
	__type(key, u32);
	__type(value, struct raw_stack);
} raw_scratches SEC(".maps");

/* The chains that stand for such stacks, by their numbers. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct raw_chain);
} raw_chains SEC(".maps");

/* How many such stacks a process has. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, u32);
} raw_uses SEC(".maps");

static const struct task_state task_state_none;
static const struct process process_none;
static const struct backing backing_none;

#endif
