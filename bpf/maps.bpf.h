/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every map and every global of the programs. Sizes are the defaults: the collector may raise them
 * before load.
 */
#ifndef MIGPOP_MAPS_BPF_H
#define MIGPOP_MAPS_BPF_H

/* One bit a thread group id, up to the kernel's PID_MAX_LIMIT: "is it ours?" costs one load. */
enum { HUGETLB_FILES_MAX = 16 };

#define TGID_BITS (4 * 1024 * 1024)

u64 target_bits[TGID_BITS / 64];  /* traced processes */
u64 watched_bits[TGID_BITS / 64]; /* these, and others that touch their memory */

u64 lost[NR_LOST];

/* Raised when a watched process changes its mappings: cached look-ups of them are void. */
u64 vma_generation;

/* Set when a watched process has hugetlb memory: its pages come from a pool that no allocation
 * event shows, so they are looked for. */
u32 hugetlb_in_use;
u32 nr_hugetlb_files;
struct backing_key hugetlb_files[HUGETLB_FILES_MAX];

/* Set when the window is closed: what runs by then counts nothing more. */
u32 closed;

/* Targets that live: with the last of them the books of shared files are closed. */
s32 nr_targets;

/* Of threads that are gone. */
u64 events;
u64 sampled_ns;

/* Set by the collector while the machine has swap. */
u32 swap_in_use;

const volatile bool follow_children;
const volatile bool stack_fp;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct site_key);
	__type(value, struct site);
} sites SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TASK_SLOTS);
	__type(key, u32);
	__type(value, struct task_state);
} task_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u32);
	__type(value, struct task_state);
} tasks SEC(".maps");

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
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 16384); /* one that falls into another's bucket is lost */
	__uint(key_size, sizeof(u32));
	__uint(value_size, 127 * sizeof(u64));
} stacks SEC(".maps");

static const struct task_state task_state_none;
static const struct process process_none;
static const struct backing backing_none;

#endif
