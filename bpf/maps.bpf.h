/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every map and every global of the programs. Sizes are the defaults: the collector may raise them
 * before load.
 */
#ifndef MIGPOP_MAPS_BPF_H
#define MIGPOP_MAPS_BPF_H

/* One bit a thread group id, up to the kernel's PID_MAX_LIMIT: "is it ours?" costs one load. */
enum { CPUS_MAX = 4096 };

#define TGID_BITS (4 * 1024 * 1024)

u64 target_bits[TGID_BITS / 64];  /* traced processes */
u64 watched_bits[TGID_BITS / 64]; /* these, and others that touch their memory */
u64 signal_bits[TGID_BITS / 64];  /* whose system calls tell of a window's begin or end */

u64 lost[NR_LOST]; /* of nobody known: others are in struct process */

/* Raised when a watched process changes its mappings: cached look-ups of them are void. */
u64 vma_generation;

/* Set when a watched process has hugetlb memory: its pages come from a pool that no allocation
 * event shows, so they are looked for. */
u32 hugetlb_in_use;
struct backing_key hugetlb_files[HUGETLB_FILES_MAX];

/* Ordinary files in the table of backings: while there are none what is brought into the page cache
 * is of no interest. */
u32 nr_files;

/* Calls under way, of all targets, that unmap private memory. */
u32 nr_unmapping;

/* Set by the collector where the hook that tells holes from data is attached. */
u32 tells_holes;

/* What the iterator over mappings is run for. */
u32 finding_others;

/* Set before the one window of all targets opens, and when it is closed: nothing counts then. */
u32 closed;

/* Targets that live: with the last of them the books of shared files are closed. */
s32 nr_targets;

/* Of threads that are gone. */
u64 events;
u64 sampled_ns;

/* Set by the collector while the machine has swap. */
u32 swap_in_use;

/* The hooks that count are attached: windows may open. */
u32 awake;

/* From a per-CPU address to a CPU's own memory. None where there are more than CPUS_MAX. */
u64 cpu_offsets[CPUS_MAX];
u32 nr_cpu_offsets;
u64 cpu_anchor_address;

/* Set by the collector: huge pages are had unasked. */
u32 huge_always;

/* Pages of the huge page that khugepaged is making that were holes. It is one thread. */
u32 collapse_holes;

/* A target has had a child with a copy of its memory. */
u32 forked;

u64 edge_ns; /* CLOCK_BOOTTIME, when counting began, or ended */

const volatile u32 nr_cpus; /* possible ones */

/* Where the kernel's array of pages begins, and how it is found (attach_classic.bpf.h): the thread
 * of the collector that allocates, 0 when it has done so; what it was told last; how often the
 * results agreed. */
u64 vmemmap, vmemmap_page;
u32 vmemmap_finder, vmemmap_agreed, vmemmap_differed;

/* Programs at functions can be preempted here, and are skipped for other threads meanwhile: faults
 * begin with the tracepoints, and what the functions add may be missing. */
const volatile bool faults_by_tracepoint;
const volatile bool casts_pointers; /* the kernel has bpf_rdonly_cast() */
const volatile bool follow_children;
const volatile bool windowed;   /* targets are watched in windows of their own (struct window) */
const volatile u32 arm_started; /* enum window_awaits of emulators that are started; 0: none has a
				   window before the collector knows of it */
const volatile u32 stack_kind;  /* enum stack_kind */
const volatile u32 max_chains;
const volatile u32 max_raw_chains; /* of them, at most */

/* Raised when rows or mappings change: remembered chains are void. */
u64 unwind_generation = 1;
u32 nr_chains;              /* that have been in use once */
u32 nr_raw_chains;          /* of them such as stand for a stack, or did when room last came back */
u64 runs_not_missed;        /* that the kernel counts as missed, of a program that faulted itself */
u32 mapping_changes_missed; /* the ring was full */
u32 window_events_missed;   /* the same */
s32 launched_pid;           /* thread that waits when it has mapped code; 0: none */

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

/* Those that are gone; what finds no room is told of its process, not of a thread. */
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

/* Of targets that have windows of their own. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct window);
} windows SEC(".maps");

/* Of all that are started where emulators are awaited: one that has not been for long makes room.
 */
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

/* Programs that unwind, each in a scratch of its own. */
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

/* A chain remembered with the registers and words that it rests on. */
struct memo_way {
	u64 ip, sp, bp, lr;
	u64 generation; /* 0: none */
	s32 chain;
	u32 end;
	u32 span; /* bytes from sp that hold its words, but for those beyond the window */
	u16 nr_words;
	u8 uses_bp, exact;
	u32 far; /* some of the words are beyond the window */
	u32 uses_lr;
	struct unwind_word words[UNWIND_WORDS_MAX];
};

struct memo {
	u64 task;
	u32 next; /* way to be replaced */
	u32 last; /* way that was found, or filled, last */
	u64 piece[MEMO_PIECE / 8];
	struct memo_way ways[MEMO_WAYS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct memo);
} memos SEC(".maps");

/* One without frames is free. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct chain);
} chains SEC(".maps");

/* Numbers of chains that no call site has any more: the collector puts them there. */
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

/* The chains that stand for them, by their numbers. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct raw_chain);
} raw_chains SEC(".maps");

/* How many of them a process has. */
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
