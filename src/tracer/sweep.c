// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Entries of the kernel's tables that no record needs any more are given back: what a window
 * counted, when its record is made; what processes left that are gone; and chains, which others may
 * have too, when no call site and no thread has them.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "tracer/raw_stacks.h"
#include "tracer/tracer.h"
#include "tracer/tracer_internal.h"
#include "tracer/unwind_tables.h"

/* False: it was not there any more. */
static bool remove_row(const struct bpf_map *map, const void *key)
{
	return !bpf_map__delete_elem(map, key, bpf_map__key_size(map), 0);
}

static bool is_target(const struct tracer *t, u32 tgid)
{
	return t->skel->bss->target_bits[tgid / 64] >> (tgid % 64) & 1;
}

static void remove_backing(struct tracer *t, const struct backing_key *key)
{
	struct migpop_bpf__bss *bss = t->skel->bss;

	if (!remove_row(t->skel->maps.backings, key))
		return;
	/* With the last of them every other page cache of the host is let alone again. */
	if (key->kind == KIND_FILE)
		__atomic_fetch_sub(&bss->nr_files, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; key->kind == KIND_HUGETLB && i < HUGETLB_FILES_MAX; i++)
		if (!memcmp(&bss->hugetlb_files[i], key, sizeof(*key)))
			memset(&bss->hugetlb_files[i], 0, sizeof(*key));
}

void tracer__remove_counted(struct tracer *t, pid_t pid, const struct counters *c)
{
	u32 tgid = (u32)pid;

	for (size_t i = 0; i < c->nr_sites; i++)
		/* Another target's are its own, though it touched this one's memory. */
		if (c->sites[i].key.tgid == tgid || !is_target(t, c->sites[i].key.tgid))
			remove_row(t->skel->maps.sites, &c->sites[i].key);
	for (size_t i = 0; i < c->nr_advice; i++)
		remove_row(t->skel->maps.advices, &c->advice[i].key);
	for (size_t i = 0; i < c->nr_threads; i++)
		remove_row(t->skel->maps.threads, &c->threads[i].key);
	/* Stacks that could not be unwound by now are in the record as what they are. */
	tracer__forget_raw(t, pid);
	/* Those of private memory come again as it is touched, in the next window. */
	for (size_t i = 0; i < c->nr_backings; i++)
		if (c->backings[i].value.owner == tgid &&
		    (c->backings[i].key.tgid || c->backings[i].value.flags & BACKING_GONE))
			remove_backing(t, &c->backings[i].key);
}

void tracer__remove_all(struct tracer *t, pid_t pid)
{
	struct counters c;

	if (tracer__read(t, pid, &c))
		return;
	counters__keep(&c, pid);
	tracer__remove_counted(t, pid, &c);
	for (size_t i = 0; i < c.nr_backings; i++)
		if (c.backings[i].value.owner == (u32)pid)
			remove_backing(t, &c.backings[i].key);
	counters__free(&c);
}

/* --- what is left of processes that are gone --- */

static bool is_gone(const struct tracer *t, u32 tgid)
{
	return tgid && !is_target(t, tgid) && kill((pid_t)tgid, 0) && errno == ESRCH;
}

/* What a thread counted last reaches the maps when it is freed, which may be after its process was
 * forgotten. */
static void remove_of_gone(struct tracer *t, const struct counters *c)
{
	for (size_t i = 0; i < c->nr_sites; i++)
		if (is_gone(t, c->sites[i].key.tgid))
			remove_row(t->skel->maps.sites, &c->sites[i].key);
	for (size_t i = 0; i < c->nr_advice; i++)
		if (is_gone(t, c->advice[i].key.tgid))
			remove_row(t->skel->maps.advices, &c->advice[i].key);
	for (size_t i = 0; i < c->nr_threads; i++)
		if (is_gone(t, c->threads[i].key.tgid))
			remove_row(t->skel->maps.threads, &c->threads[i].key);
	for (size_t i = 0; i < c->nr_processes; i++)
		if (is_gone(t, c->processes[i].tgid))
			remove_row(t->skel->maps.processes, &c->processes[i].tgid);
	for (size_t i = 0; i < c->nr_backings; i++)
		if (is_gone(t, c->backings[i].value.owner))
			remove_backing(t, &c->backings[i].key);
}

/* Keys of a map that are process ids: those of processes that are gone go. */
static void remove_keys_of_gone(struct tracer *t, const struct bpf_map *map)
{
	u32 tgid, next;
	bool more = !bpf_map__get_next_key(map, NULL, &next, sizeof(next));

	while (more) {
		tgid = next;
		more = !bpf_map__get_next_key(map, &tgid, &next, sizeof(next));
		if (is_gone(t, tgid))
			remove_row(map, &tgid);
	}
}

/* Windows of processes that ended without its being heard of. */
static void disarm_gone(struct tracer *t, tracer_known_fn *known, void *data)
{
	u32 tgid, next;
	bool more = !bpf_map__get_next_key(t->skel->maps.windows, NULL, &next, sizeof(next));

	while (more) {
		tgid = next;
		more = !bpf_map__get_next_key(t->skel->maps.windows, &tgid, &next, sizeof(next));
		if (!known((pid_t)tgid, data) && kill((pid_t)tgid, 0) && errno == ESRCH)
			tracer__disarm(t, (pid_t)tgid);
	}
}

/* --- chains --- */

struct marks {
	u64 *used; /* a bit a chain */
	u32 n;
};

static void mark(s32 chain, void *data)
{
	struct marks *m = data;

	if (chain >= 0 && (u32)chain < m->n)
		m->used[(u32)chain / 64] |= 1ULL << ((u32)chain % 64);
}

static bool is_marked(s32 chain, void *data)
{
	const struct marks *m = data;

	return chain < 0 || (u32)chain >= m->n || m->used[(u32)chain / 64] >> ((u32)chain % 64) & 1;
}

static int mark_all(struct tracer *t, struct marks *m)
{
	const struct bpf_map *raw = t->skel->maps.raw_chains;
	u32 id, *at = NULL;
	int err = tracer__each_stack(t, mark, m);

	for (; !err && !bpf_map__get_next_key(raw, at, &id, sizeof(id)); at = &id)
		mark((s32)id, m);
	if (!err && t->raw)
		raw_stacks__each_number(t->raw, mark, m);
	return err;
}

/* The keys by which the kernel may look for it: chain__intern(). */
static void hide(struct tracer *t, u32 number)
{
	const struct bpf_map *ids = t->skel->maps.chain_ids;
	u64 key = t->chains[number].hash;
	u32 id;

	for (int i = 0; i < 4; i++) {
		if (!bpf_map__lookup_elem(ids, &key, sizeof(key), &id, sizeof(id), 0) &&
		    id == number) {
			bpf_map__delete_elem(ids, &key, sizeof(key), 0);
			return;
		}
		key = key * 0x9e3779b97f4a7c15ULL + 1;
	}
}

static void show(struct tracer *t, u32 number)
{
	u64 key = t->chains[number].hash;

	bpf_map__update_elem(t->skel->maps.chain_ids, &key, sizeof(key), &number, sizeof(number),
			     BPF_NOEXIST);
}

static bool in_use(const struct tracer *t, u32 chain)
{
	return __atomic_load_n(&t->chains[chain].n, __ATOMIC_RELAXED);
}

/* A chain is given back in three steps: the kernel finds it no more, by its frames nor by what
 * threads remember; whatever had found it has ended; and still no call site has it. */
static int sweep_chains(struct tracer *t, struct marks *before, struct marks *after)
{
	bool any = false;
	int err = mark_all(t, before);

	for (u32 i = 0; !err && i < before->n; i++) {
		if (!in_use(t, i))
			mark((s32)i, before); /* or is being filled */
		if (is_marked((s32)i, before))
			continue;
		hide(t, i);
		any = true;
	}
	if (err || !any)
		return err;
	__atomic_fetch_add(&t->skel->data->unwind_generation, 1, __ATOMIC_SEQ_CST);
	err = grace__wait(&t->grace);
	if (!err)
		err = mark_all(t, after);
	for (u32 i = 0; i < before->n; i++) {
		if (is_marked((s32)i, before))
			continue;
		if (err || is_marked((s32)i, after)) {
			show(t, i);
			mark((s32)i, before);
			continue;
		}
		__atomic_store_n(&t->chains[i].n, 0, __ATOMIC_SEQ_CST);
		bpf_map__update_elem(t->skel->maps.free_chains, NULL, 0, &i, sizeof(i), BPF_ANY);
	}
	return err;
}

static u32 nr_chains(const struct tracer *t)
{
	u32 n = t->skel->bss->nr_chains, max = bpf_map__max_entries(t->skel->maps.chains);

	return !t->chains ? 0 : n < max ? n : max;
}

static int sweep_all_chains(struct tracer *t)
{
	struct marks before = {.n = nr_chains(t)}, after = before;
	size_t words = before.n / 64 + 1;
	int err = -ENOMEM;

	before.used = calloc(words, sizeof(*before.used));
	after.used = calloc(words, sizeof(*after.used));
	if (before.used && after.used)
		err = sweep_chains(t, &before, &after);
	free(before.used);
	free(after.used);
	return err;
}

/* Numbers that stood for stacks and are chains like others by now make room for other stacks. */
static void count_raw_chains(struct tracer *t)
{
	u32 before = __atomic_load_n(&t->skel->bss->nr_raw_chains, __ATOMIC_SEQ_CST);
	u32 now = (u32)tracer__count(t, t->skel->maps.raw_chains);

	if (now < before)
		__atomic_fetch_sub(&t->skel->bss->nr_raw_chains, before - now, __ATOMIC_SEQ_CST);
}

int tracer__sweep(struct tracer *t, tracer_known_fn *known, void *data)
{
	struct counters c;
	int err;

	disarm_gone(t, known, data);
	err = tracer__read(t, 0, &c);
	if (err)
		return err;
	remove_of_gone(t, &c);
	counters__free(&c);
	remove_keys_of_gone(t, t->skel->maps.raw_uses);
	count_raw_chains(t);
	remove_keys_of_gone(t, t->skel->maps.unwind_processes);
	if (t->tables)
		unwind_tables__sweep(t->tables);
	return sweep_all_chains(t);
}

u64 tracer__lost_of_nobody(const struct tracer *t)
{
	u64 n = 0;

	for (int i = 0; i < NR_LOST; i++)
		n += __atomic_load_n(&t->skel->bss->lost[i], __ATOMIC_RELAXED);
	return n;
}

/* --- how full they are --- */

static u64 chains_in_use(const struct tracer *t)
{
	u64 n = 0;

	for (u32 i = 0; i < nr_chains(t); i++)
		n += in_use(t, i);
	return n;
}

double tracer__chains_fill(const struct tracer *t)
{
	return (double)chains_in_use(t) / bpf_map__max_entries(t->skel->maps.chains);
}

size_t tracer__tables(struct tracer *t, struct tracer_table *tables)
{
	const struct {
		const char *name;
		const struct bpf_map *map;
	} maps[] = {
		{"callsites", t->skel->maps.sites},
		{"backings", t->skel->maps.backings},
		{"advice", t->skel->maps.advices},
		{"threads", t->skel->maps.threads},
		{"processes", t->skel->maps.processes},
		{"windows", t->skel->maps.windows},
		{"unwind-processes", t->skel->maps.unwind_processes},
		{"chain-numbers", t->skel->maps.chain_ids},
		{"raw-chains", t->skel->maps.raw_chains},
	};
	struct unwind_fill fill;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++)
		tables[n++] = (struct tracer_table){maps[i].name, tracer__count(t, maps[i].map),
						    bpf_map__max_entries(maps[i].map)};
	tables[n++] = (struct tracer_table){"chains", chains_in_use(t),
					    bpf_map__max_entries(t->skel->maps.chains)};
	if (!t->tables)
		return n;
	unwind_tables__fill(t->tables, &fill);
	tables[n++] = (struct tracer_table){"unwind-rows", fill.rows, fill.max_rows};
	tables[n++] = (struct tracer_table){"unwind-mappings", fill.mappings, fill.max_mappings};
	return n;
}
