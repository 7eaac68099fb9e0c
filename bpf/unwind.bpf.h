/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes the call chain of the current thread, as a number. A chain is unwound once and remembered
 * with the words of the stack that it rests on; reading those words recognises it again. Knows
 * nothing of pages.
 */
#ifndef MIGPOP_UNWIND_BPF_H
#define MIGPOP_UNWIND_BPF_H

UNWIND_INLINE const struct unwind_mapping *unwind__mapping(u32 i)
{
	return bpf_map_lookup_elem(&unwind_mappings, &i);
}

UNWIND_INLINE const struct unwind_row *unwind__row(u32 i)
{
	return bpf_map_lookup_elem(&unwind_rows, &i);
}

UNWIND_INLINE long unwind__read_user(void *to, u32 size, u64 from)
{
	return bpf_probe_read_user(to, size, (void *)from);
}

/* Returns the scratch of one program on this CPU. A program never interrupts itself there
 * (prog->active). */
static __always_inline struct unwind *unwind__scratch(u32 program)
{
	return bpf_map_lookup_elem(&unwinds, &program);
}

/* Tells the collector that the executable mappings of a process have changed. */
static __always_inline void mapping_change__send(u32 tgid)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mapping_change change = {.tgid = tgid, .exec = (u32)task->self_exec_id};

	if (bpf_ringbuf_output(&mapping_changes, &change, sizeof(change), 0))
		mapping_changes_missed = 1;
}

/* Watches a process that is no target, because it maps a target's memory or reaches into it: what
 * it does there counts. */
static __always_inline void other__watch(u32 tgid)
{
	tgid__set(watched_bits, tgid);
	if (stack_kind == STACK_CFI)
		mapping_change__send(tgid);
}

static __always_inline u32 memo__slot(const struct task_struct *task)
{
	return (u32)task->pid % MEMO_SLOTS;
}

/* Returns the memo of a thread, which is in the slot of its id. If another thread has that slot
 * there is none, and the chain is unwound each time. */
static __always_inline struct memo *memo__get(const struct task_struct *task)
{
	u32 slot = memo__slot(task);
	struct memo *memo = bpf_map_lookup_elem(&memos, &slot);

	if (!memo || memo->task == (u64)task)
		return memo;
	if (memo->task || __sync_val_compare_and_swap(&memo->task, 0, (u64)task))
		return NULL;
	for (u32 i = 0; i < MEMO_WAYS; i++)
		memo->ways[i].generation = 0;
	return memo;
}

static __always_inline void memo__release(const struct task_struct *task)
{
	u32 slot = memo__slot(task);
	struct memo *memo = bpf_map_lookup_elem(&memos, &slot);

	if (memo && memo->task == (u64)task)
		memo->task = 0;
}

/* True if the way was remembered with these registers, and no mapping has changed since. */
static __always_inline bool memo_way__is_at(const struct memo_way *way, u64 ip, u64 sp, u64 bp,
					    u64 lr, u32 exact)
{
	return way->ip == ip && way->sp == sp && way->generation == unwind_generation &&
	       way->exact == exact && (!way->uses_bp || way->bp == bp) &&
	       (!UNWIND_HAS_LR || !way->uses_lr || way->lr == lr);
}

/* Returns the chain of a fault in user mode if it is the thread's last chain, and -1 if the chain
 * must be looked for. This is the path of a migration loop. It is inline, because each call costs
 * ten nanoseconds where returns are mitigated. */
static __always_inline s32 memo__last_chain(const struct task_struct *task,
					    const struct pt_regs *regs, bool exact)
{
	u32 slot = memo__slot(task), span, n;
	struct memo *memo = bpf_map_lookup_elem(&memos, &slot);
	const struct memo_way *way;
	u64 sp = regs__sp(regs);

	if (!memo || memo->task != (u64)task)
		return -1;
	way = &memo->ways[unwind__index(memo->last, MEMO_WAYS - 1)];
	span = way->span;
	if (!memo_way__is_at(way, regs__ip(regs), sp, regs__bp(regs), regs__lr(regs), exact) ||
	    way->end != CHAIN_COMPLETE || way->far || span > MEMO_PIECE ||
	    bpf_probe_read_user(memo->piece, span, (void *)(sp & ~7ULL)))
		return -1;
	n = way->nr_words;
	for (u32 i = 0; i < UNWIND_WORDS_MAX && i < n; i++)
		if (memo->piece[unwind__index(way->words[i].at / 8, MEMO_PIECE / 8 - 1)] !=
		    way->words[i].value)
			return -1;
	return way->chain;
}

struct far_words {
	const struct memo_way *way;
	struct unwind *u;
	u32 differ;
};

/* Compares one word. The words come in ascending order; those beyond the piece are read into it,
 * many at once. */
static long memo_way__compare_word(u32 i, struct far_words *far)
{
	u64 word = unwind__index(i, UNWIND_WORDS_MAX - 1), at, offset;
	const struct memo_way *way = far->way;
	struct unwind *u = far->u;

	if (!way || !u || i >= way->nr_words)
		return 1;
	at = u->base + way->words[word].at;
	offset = at - u->piece_at;
	if (offset >= u->piece_len) {
		if (!unwind__refill(u, at)) {
			far->differ = 1;
			return 1;
		}
		offset = 0;
	}
	far->differ = u->piece[unwind__index(offset / 8, UNWIND_PIECE / 8 - 1)] !=
		      way->words[word].value;
	return far->differ;
}

/* True if the words that the chain of memos[slot].ways[nr] rests on are unchanged. As a rule all of
 * them are in the piece. Global, so that the verifier walks the loop once, not once for each
 * way. */
__noinline int memo_way__holds(u32 slot, u32 nr, u32 program)
{
	const struct memo *memo = bpf_map_lookup_elem(&memos, &slot);
	struct unwind *u = unwind__scratch(program);
	const struct memo_way *way;
	u32 n;

	if (!memo || !u)
		return false;
	way = &memo->ways[unwind__index(nr, MEMO_WAYS - 1)];
	if (way->far) {
		struct far_words far = {.way = way, .u = u};

		bpf_loop(UNWIND_WORDS_MAX, memo_way__compare_word, &far, 0);
		return !far.differ;
	}
	n = way->nr_words;
	for (u32 i = 0; i < UNWIND_WORDS_MAX && i < n; i++)
		if (u->piece[unwind__index(way->words[i].at / 8, UNWIND_PIECE / 8 - 1)] !=
		    way->words[i].value)
			return false;
	return true;
}

/* Finds the way whose registers are those at hand and whose words are all unchanged. So the chain
 * is the same, exactly. */
static __always_inline struct memo_way *memo__find(struct memo *memo, u32 slot, struct unwind *u,
						   u32 program)
{
#pragma unroll /* 6.1 takes no loop whose last instruction falls through to its first */
	for (u32 i = 0; i < MEMO_WAYS; i++) {
		struct memo_way *way = &memo->ways[i];
		u32 span = way->span;

		if (!memo_way__is_at(way, u->start_ip, u->start_sp, u->start_bp, u->start_lr,
				     u->start_exact) ||
		    span > UNWIND_PIECE)
			continue;
		if (u->piece_at != u->base || span > u->piece_len) {
			u->piece_at = u->base;
			u->piece_len = 0;
			if (bpf_probe_read_user(u->piece, span, (void *)u->base)) {
				u->failed_reads++;
				continue;
			}
			u->piece_len = span;
		}
		if (memo_way__holds(slot, i, program)) {
			memo->last = i;
			return way;
		}
	}
	return NULL;
}

struct memo_copy {
	struct memo_way *way;
	struct unwind *u;
};

static long memo_way__copy_word(u32 i, struct memo_copy *copy)
{
	struct memo_way *way = copy->way;
	struct unwind *u = copy->u;
	u64 at, word = unwind__index(i, UNWIND_WORDS_MAX - 1);

	if (!way || !u || i >= u->nr_words)
		return 1;
	at = u->words[word].at;
	way->words[word].at = at;
	way->words[word].value = u->words[word].value;
	if (at >= UNWIND_PIECE)
		way->far = 1;
	else if (at + 8 > way->span)
		way->span = at + 8;
	return 0;
}

/* Remembers a chain, in place of the chain that was remembered the longest. Chains with words below
 * the stack pointer (signal handlers on another stack) or with too many words are not remembered:
 * they are unwound each time. If anything has changed since "generation", the chain is void at
 * once. */
static __always_inline void memo__put(struct memo *memo, struct unwind *u, s32 chain,
				      u64 generation)
{
	struct memo_copy copy = {.u = u};
	struct memo_way *way;

	if (u->signals || u->nr_words > UNWIND_WORDS_MAX || u->end == CHAIN_MEMORY)
		return;
	memo->last = memo->next++ & (MEMO_WAYS - 1);
	way = &memo->ways[unwind__index(memo->last, MEMO_WAYS - 1)];
	way->generation = 0;
	way->ip = u->start_ip;
	way->sp = u->start_sp;
	way->bp = u->start_bp;
	way->uses_bp = u->uses_bp;
	way->lr = u->start_lr;
	way->uses_lr = u->uses_lr;
	way->exact = u->start_exact;
	way->nr_words = u->nr_words;
	way->span = 8;
	way->far = 0;
	way->chain = chain;
	way->end = u->end;
	copy.way = way;
	bpf_loop(UNWIND_WORDS_MAX, memo_way__copy_word, &copy, 0);
	way->generation = generation;
}

struct chain_pair {
	const struct chain *a, *b;
	u32 differ;
};

static long chain__compare_frame(u32 i, struct chain_pair *pair)
{
	const struct chain *a = pair->a, *b = pair->b;
	u64 frame = unwind__index(i, 127);

	if (!a || !b || i >= a->n)
		return 1;
	pair->differ = a->frames[frame] != b->frames[frame];
	return pair->differ;
}

static __always_inline bool chain__equal(const struct chain *a, const struct chain *b)
{
	struct chain_pair pair = {.a = a, .b = b};

	if (a->n != b->n || a->end != b->end)
		return false;
	bpf_loop(CHAIN_FRAMES_MAX, chain__compare_frame, &pair, 0);
	return !pair.differ;
}

enum { CHAIN_OTHER = -1, CHAIN_NOWHERE = -2 };

/* Takes a number for a new chain: one that was given back, or else one that no chain ever had.
 * False if there is none. */
static __always_inline bool chain__take_number(u32 *id)
{
	if (!bpf_map_pop_elem(&free_chains, id))
		return true;
	if (nr_chains >= max_chains)
		return false;
	*id = __sync_fetch_and_add(&nr_chains, 1);
	return *id < max_chains;
}

/* Gives a number back: another CPU has entered the chain meanwhile, or there was no room to find it
 * by. */
static __always_inline void chain__give_back(u32 id)
{
	struct chain *chain = bpf_map_lookup_elem(&chains, &id);

	if (chain)
		chain->n = 0;
	bpf_map_push_elem(&free_chains, &id, BPF_ANY);
}

/* Returns the number of the chain in the table of chains, and enters it if "key" is new.
 * CHAIN_OTHER: the key is another chain's; CHAIN_NOWHERE: there is no room. */
__noinline s32 chain__enter(u64 key, u32 program)
{
	u32 *known = bpf_map_lookup_elem(&chain_ids, &key), id;
	struct unwind *u = unwind__scratch(program);
	struct chain *chain;

	if (!u)
		return CHAIN_NOWHERE;
	if (!known) {
		if (!chain__take_number(&id) ||
		    bpf_map_update_elem(&chains, &id, &u->chain, BPF_ANY))
			return CHAIN_NOWHERE;
		if (!bpf_map_update_elem(&chain_ids, &key, &id, BPF_NOEXIST))
			return id;
		chain__give_back(id);
		known = bpf_map_lookup_elem(&chain_ids, &key); /* another CPU has entered it */
		if (!known)
			return CHAIN_NOWHERE;
	}
	id = *known;
	chain = bpf_map_lookup_elem(&chains, &id);
	return chain && chain__equal(chain, &u->chain) ? (s32)id : CHAIN_OTHER;
}

/* Returns the number of the chain, or STACK_NOT_KEPT if there is no room. Chains are told apart by
 * their frames: the hash only says where to look. */
static __always_inline s32 chain__intern(struct unwind *u, u32 program)
{
	u64 key = u->chain.hash;
	s32 id;

	u->chain.end = u->end;
	for (u32 i = 0; i < 4; i++) {
		id = chain__enter(key, program);
		if (id >= 0)
			return id;
		if (id == CHAIN_NOWHERE)
			break;
		key = key * 0x9e3779b97f4a7c15ULL + 1;
	}
	return STACK_NOT_KEPT;
}

static long unwind__next(u32 i, struct unwind **u)
{
	return !*u || unwind__step(*u);
}

/* Counts failed reads. Each is a fault in kernel mode, for which the program of such faults does
 * not run again: the kernel counts that run as missed. */
static __always_inline void unwind__count_reads(const struct unwind *u, u32 program)
{
	if (program == UNWIND_IN_KERNEL_FAULT && u->failed_reads)
		__sync_fetch_and_add(&runs_not_missed, u->failed_reads);
}

#include "raw.bpf.h"

/* Takes the chain of the current thread, from these registers of user mode on. STACK_NOT_KEPT:
 * there was no room. Global, so that it is verified once for each program; its state is in a
 * map. */
__noinline s32 chain__take(u64 ip, u64 sp, u64 bp, u32 exact, u32 program)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct unwind *u = unwind__scratch(program);
	struct memo *memo = memo__get(task);
	struct unwind_process *process;
	struct memo_way *way;
	u64 generation = *(volatile u64 *)&unwind_generation;
	u32 tgid = task->tgid;
	s32 id;

	if (!u)
		return STACK_NOT_KEPT;
	u->start_ip = ip;
	u->start_sp = sp;
	u->start_bp = bp;
	if (UNWIND_HAS_LR)
		u->start_lr = regs__lr((struct pt_regs *)bpf_task_pt_regs((void *)task));
	u->start_exact = exact;
	u->base = u->piece_at = sp & ~7ULL;
	u->piece_len = 0;
	u->failed_reads = 0;
	way = memo ? memo__find(memo, memo__slot(task), u, program) : NULL;
	if (way) {
		unwind__count_reads(u, program);
		return way->chain;
	}
	process = bpf_map_lookup_elem(&unwind_processes, &tgid);
	u->first_mapping = process ? process->first : 0;
	u->nr_mappings = process ? process->n : 0;
	if (!process) {
		struct unwind_process none = {};

		bpf_map_update_elem(&unwind_processes, &tgid, &none, BPF_NOEXIST);
		mapping_change__send(tgid);
	}
	unwind__begin(u);
	if (regs__is_64bit((struct pt_regs *)bpf_task_pt_regs((void *)task)))
		bpf_loop(CHAIN_FRAMES_MAX + 1, unwind__next, &u, 0);
	else
		u->end = CHAIN_32BIT;
	id = unwind__is_early(u->end) ? chain__keep_raw(program) : CHAIN_OTHER;
	unwind__count_reads(u, program);
	if (id == CHAIN_OTHER)
		id = chain__intern(u, program);
	if (id < 0)
		return STACK_NOT_KEPT;
	if (memo)
		memo__put(memo, u, id, generation);
	return id;
}

static long chain__hash_frame(u32 i, struct unwind **u)
{
	struct chain *chain = *u ? &(*u)->chain : NULL;

	if (!chain || i >= chain->n)
		return 1;
	chain__hash(chain, chain->frames[unwind__index(i, 127)]);
	return 0;
}

/* Takes the chain that the kernel finds by frame pointers; STACK_NOT_KEPT if it could not be
 * kept. */
static __always_inline s32 chain__take_fp(void *ctx, u32 program)
{
	struct unwind *u = unwind__scratch(program);
	long size;

	if (!u)
		return STACK_NOT_KEPT;
	size = bpf_get_stack(ctx, u->chain.frames, CHAIN_FRAMES_MAX * sizeof(u->chain.frames[0]),
			     BPF_F_USER_STACK);
	if (size <= 0)
		return STACK_NOT_KEPT;
	u->chain.hash = 0;
	u->chain.n = (u32)size / sizeof(u->chain.frames[0]);
	u->end = CHAIN_END_UNKNOWN;
	bpf_loop(CHAIN_FRAMES_MAX, chain__hash_frame, &u, 0);
	return chain__intern(u, program);
}

/* Gives a new process the mappings of the process that it was forked from. */
static __always_inline void unwind_process__copy(u32 parent, u32 child)
{
	struct unwind_process *process = bpf_map_lookup_elem(&unwind_processes, &parent), copy;

	if (!process)
		return;
	copy = *process;
	bpf_map_update_elem(&unwind_processes, &child, &copy, BPF_ANY);
	mapping_change__send(child);
}

/* A mapping was made executable, or an executable one goes. The mappings of the table that lie in
 * [start, end) give no rows any more, until the collector has read the mappings anew. */
struct stale {
	u64 start, end;
	u32 first, n, any;
};

static long mapping__make_stale(u32 i, struct stale *stale)
{
	u32 at = stale->first + i;
	struct unwind_mapping *m;

	if (i >= stale->n)
		return 1;
	m = bpf_map_lookup_elem(&unwind_mappings, &at);
	if (!m || m->start >= stale->end || m->end <= stale->start)
		return 0;
	m->nr_rows = 0;
	m->first_row = CHAIN_STALE_MAPPING;
	stale->any = 1;
	return 0;
}

static __always_inline void on_unmap(u32 tgid, u64 start, u64 len)
{
	struct unwind_process *process = bpf_map_lookup_elem(&unwind_processes, &tgid);
	struct stale stale = {.start = start, .end = start + len};

	if (!process || !process->first) /* mapping 0 belongs to no process */
		return;
	stale.first = process->first;
	stale.n = process->n;
	bpf_loop(MAPPINGS_MAX, mapping__make_stale, &stale, 0);
	if (!stale.any)
		return;
	__sync_fetch_and_add(&unwind_generation, 1);
	mapping_change__send(tgid);
}

/* Called at the end of a system call that succeeded: it may have changed executable mappings. The
 * arguments are still in the registers. */
__noinline int unwind__on_syscall_exit(u64 result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs((void *)task);

	switch (regs__syscall(regs)) {
	case __NR_mmap:
		if (regs__arg4(regs) & MAP_FIXED)
			on_unmap(task->tgid, result, regs__arg2(regs));
		if (regs__arg3(regs) & PROT_EXEC)
			break;
		return 0;
	case __NR_mprotect:
		if (regs__arg3(regs) & PROT_EXEC)
			break;
		on_unmap(task->tgid, regs__arg1(regs), regs__arg2(regs));
		return 0;
	case __NR_munmap:
	case __NR_mremap:
		on_unmap(task->tgid, regs__arg1(regs), regs__arg2(regs));
		return 0;
	default:
		return 0;
	}
	mapping_change__send(task->tgid);
	/* The command that migpop itself started waits until its rows are there, so that none of
	 * its chains ends early. A thread that executes a program takes the id of the first thread,
	 * but was not started by migpop. */
	if (task->pid == launched_pid && bpf_core_field_exists(struct task_struct, ptrace) &&
	    BPF_CORE_READ(task, ptrace))
		bpf_send_signal_thread(SIGURG);
	return 0;
}

#endif
