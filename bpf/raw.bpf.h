/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps stacks that cannot be unwound yet, because the rows of what the process executes are still
 * being read. The collector unwinds them later. What faults meanwhile is counted under a chain that
 * stands for the stack. Knows nothing of pages.
 *
 * A migration loop faults with one chain a million times, but its stack also holds the page at
 * hand. So two stacks are the same if their registers are the same, and every word that can take
 * part in a chain. Such a word is a code address (a return address), or points into the part of the
 * stack that is kept (a saved rbp). By induction the chain is the same: where a frame is, its
 * return address is among the words that are compared.
 */
#ifndef MIGPOP_RAW_BPF_H
#define MIGPOP_RAW_BPF_H

/* Reads from the stack pointer to the end of its page, and the next page, as far as they can be
 * read. */
static __always_inline void raw__read(struct raw_stack *raw, struct unwind *u)
{
	u32 first = -(u32)u->base & 4095;

	raw->size = 0;
	if (first && bpf_probe_read_user(raw->words, first, (void *)u->base)) {
		u->failed_reads++;
		return;
	}
	raw->size = first;
	if (bpf_probe_read_user((char *)raw->words + first, 4096, (void *)(u->base + first)))
		u->failed_reads++;
	else
		raw->size = first + 4096;
}

struct raw_words {
	struct raw_stack *raw;
	struct unwind *u;
	u64 code_start, code_end, mmap_base; /* of the process */
	u64 hash, again;                     /* two hashes of the words that matter */
};

/* Libraries are mapped downwards from mmap_base, and nothing says how far. A word too many makes
 * two stacks of one; a word too few would make one stack of two. */
enum { RAW_LIBRARIES_BELOW_BITS = 36 };

static __always_inline bool raw__is_code(struct raw_words *w, u64 value)
{
	const struct unwind_mapping *m;

	if (unwind__find_mapping(w->u, value)) {
		/* In code that never has rows, as TCG's, a chain ends, wherever in that code it
		 * is. */
		m = unwind__mapping(w->u->found);
		return m && (m->nr_rows || m->first_row == CHAIN_UNREAD);
	}
	/* The known mappings may be out of date, or there may be none. */
	return value - w->code_start < w->code_end - w->code_start ||
	       (w->mmap_base - value) >> RAW_LIBRARIES_BELOW_BITS == 0;
}

static long raw__take_word(u32 i, struct raw_words *w)
{
	struct raw_stack *raw = w->raw;
	struct unwind *u = w->u;
	struct unwind_word *word;
	u64 value;
	u32 n;

	if (!raw || !u || i * 8 + 8 > raw->size)
		return 1;
	value = raw->words[unwind__index(i, RAW_STACK_WORDS - 1)];
	if (!value)
		return 0;
	raw->set[unwind__index(i / 64, RAW_STACK_WORDS / 64 - 1)] |= 1ULL << (i & 63);
	if (value - u->base >= raw->size && !raw__is_code(w, value))
		return 0;
	/* The words are moved within the same array: no more words are kept than were looked at. */
	raw->kept[unwind__index(i / 64, RAW_STACK_WORDS / 64 - 1)] |= 1ULL << (i & 63);
	raw->words[unwind__index(raw->nr_kept, RAW_STACK_WORDS - 1)] = value;
	raw->nr_kept++;
	w->hash = (w->hash ^ value ^ (u64)i << 48) * 0x9e3779b97f4a7c15ULL;
	w->hash ^= w->hash >> 29;
	w->again = (w->again ^ value) * 0xff51afd7ed558ccdULL + i;
	w->again ^= w->again >> 32;
	n = u->nr_words++;
	if (n < UNWIND_WORDS_MAX) {
		word = &u->words[unwind__index(n, UNWIND_WORDS_MAX - 1)];
		word->value = value;
		word->at = i * 8;
	}
	return 0;
}

/* Makes a chain that stands for the stack, in place of the one that was found. */
static __always_inline void raw__make_chain(struct unwind *u, const struct raw_words *w, u32 tgid)
{
	struct chain *chain = &u->chain;

	chain->frames[0] = u->start_ip;
	chain->frames[1] = u->start_sp;
	chain->frames[2] = u->start_bp;
	chain->frames[3] = u->start_lr;
	chain->frames[4] = w->hash;
	chain->frames[5] = w->again;
	chain->frames[6] = (u64)tgid << 32 | u->start_exact;
	chain->n = 7;
	chain->hash = 0;
	for (u32 i = 0; i < 7; i++)
		chain__hash(chain, chain->frames[i]);
	u->end = CHAIN_UNREAD;
	u->uses_bp = 1;
	u->uses_lr = UNWIND_HAS_LR;
}

/* True if the process has as many stacks as it may have, or all processes together have. */
static __always_inline bool raw__is_full(u32 tgid)
{
	const u32 *n = bpf_map_lookup_elem(&raw_uses, &tgid);

	return (n && *n >= RAW_STACKS_PER_PROCESS) || nr_raw_chains >= max_raw_chains;
}

/* Takes room for one more stack of the process. False if there is none. */
static __always_inline bool raw__reserve(u32 tgid)
{
	u32 *n = bpf_map_lookup_elem(&raw_uses, &tgid), one = 1;

	if (raw__is_full(tgid))
		return false;
	__sync_fetch_and_add(&nr_raw_chains, 1);
	if (n) {
		__sync_fetch_and_add(n, 1);
		return true;
	}
	return !bpf_map_update_elem(&raw_uses, &tgid, &one, BPF_NOEXIST);
}

/* Returns the number of the chain that stands for the stack. The chain is entered only if there is
 * room for the stack. */
static __always_inline s32 raw__number(struct unwind *u, u32 tgid, u32 program)
{
	u64 key = u->chain.hash;

	if (!bpf_map_lookup_elem(&chain_ids, &key) && !raw__reserve(tgid))
		return CHAIN_OTHER;
	return chain__intern(u, program);
}

/* Sends a new stack to the collector, and once more a stack for which the ring had no room. False
 * if there is no chain to count it under. */
static __always_inline bool raw__send(struct raw_stack *raw, struct unwind *u, s32 id)
{
	struct raw_chain *known = bpf_map_lookup_elem(&raw_chains, &id);
	u32 n = raw->nr_kept;

	if (!known) {
		struct raw_chain fresh = {.tgid = raw->tgid};

		bpf_map_update_elem(&raw_chains, &id, &fresh, BPF_NOEXIST);
		known = bpf_map_lookup_elem(&raw_chains, &id);
		if (!known)
			return false;
	}
	if (known->sent || __sync_val_compare_and_swap(&known->sent, 0, 1))
		return true;
	raw->chain = id;
	if (n > RAW_STACK_WORDS)
		n = RAW_STACK_WORDS;
	if (bpf_ringbuf_output(&raw_stacks, raw, offsetof(struct raw_stack, words) + n * 8, 0)) {
		known->sent = 0;
		u->nr_words = UNWIND_WORDS_MAX +
			      1; /* the chain is not remembered, so that the stack is sent again */
	}
	return true;
}

/* Keeps the stack of the current thread, whose unwinding ended where nothing is known yet. Returns
 * the number of the chain that stands for it. CHAIN_OTHER: there was no room for the stack, and "u"
 * has a chain of one frame; CHAIN_NOWHERE: there is no room for any chain. Global, so that it is
 * verified once for each program. */
__noinline s32 chain__keep_raw(u32 program)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct raw_stack *raw = bpf_map_lookup_elem(&raw_scratches, &program);
	struct unwind *u = unwind__scratch(program);
	struct raw_words w = {.raw = raw, .u = u};
	s32 id;

	if (!raw || !u)
		return CHAIN_NOWHERE;
	/* An address that is in no mapping of a process whose mappings are known is garbage, as a
	 * rule. */
	if (u->end != CHAIN_UNREAD && u->nr_mappings && raw__is_full(task->tgid))
		return CHAIN_OTHER;
	w.code_start = BPF_CORE_READ(task, mm, start_code);
	w.code_end = BPF_CORE_READ(task, mm, end_code);
	w.mmap_base = BPF_CORE_READ(task, mm, mmap_base);
	raw->tgid = task->tgid;
	raw->exec = (u32)BPF_CORE_READ(task, self_exec_id);
	raw->exact = u->start_exact;
	raw->ip = u->start_ip;
	raw->sp = u->start_sp;
	raw->bp = u->start_bp;
	raw->lr = u->start_lr;
	raw->nr_kept = 0;
	__builtin_memset(raw->set, 0, sizeof(raw->set));
	__builtin_memset(raw->kept, 0, sizeof(raw->kept));
	raw__read(raw, u);
	u->nr_words = 0;
	u->signals = 0;
	bpf_loop(RAW_STACK_WORDS, raw__take_word, &w, 0);
	raw__make_chain(u, &w, raw->tgid);
	id = raw__number(u, raw->tgid, program);
	if (id >= 0 && raw__send(raw, u, id))
		return id;
	u->end = CHAIN_NO_MAPPING;
	if (id == CHAIN_NOWHERE)
		return CHAIN_NOWHERE;
	u->chain.n = 0;
	u->chain.hash = 0;
	unwind__push(u, u->start_ip);
	return CHAIN_OTHER;
}

#endif
