// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stacks that the kernel could not unwind yet (bpf/raw.bpf.h) are unwound here, when the rows of
 * what the process executes are there; the chains that stood for them become theirs.
 */
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "tracer/raw_stacks.h"
#include "tracer/tracer.h"
#include "tracer/tracer_internal.h"
#include "tracer/unwind_tables.h"

static int on_raw(void *data, void *sample, size_t size)
{
	struct tracer *t = data;

	raw_stacks__keep(t->raw, sample, size);
	return 0;
}

int tracer__begin_raw(struct tracer *t)
{
	int fd = bpf_map__fd(t->skel->maps.raw_stacks);

	t->raw = raw_stacks__new();
	if (!t->raw)
		return -ENOMEM;
	/* Twice: those who wait for changes are woken by a stack too, and stacks are taken without
	 * changes where a record is made. */
	t->raw_ring = ring_buffer__new(fd, on_raw, t, NULL);
	if (!t->raw_ring)
		return -errno;
	return ring_buffer__add(t->changes, fd, on_raw, t);
}

void tracer__end_raw(struct tracer *t)
{
	ring_buffer__free(t->raw_ring);
	raw_stacks__free(t->raw);
	t->raw_ring = NULL;
	t->raw = NULL;
}

static int read_chain(struct tracer *t, s32 id, struct chain *out)
{
	return bpf_map__lookup_elem(t->skel->maps.chains, &id, sizeof(id), out, sizeof(*out), 0);
}

/* What stood for the stack is looked for no more. */
static void forget_number(struct tracer *t, s32 number, const struct chain *stood)
{
	struct bpf_map *ids = t->skel->maps.chain_ids;
	u32 id;

	bpf_map__delete_elem(t->skel->maps.raw_chains, &number, sizeof(number), 0);
	if (!bpf_map__lookup_elem(ids, &stood->hash, sizeof(stood->hash), &id, sizeof(id), 0) &&
	    (s32)id == number)
		bpf_map__delete_elem(ids, &stood->hash, sizeof(stood->hash), 0);
}

/* The kernel finds the chain under this number from now on, unless it has one for it. */
static void enter(struct tracer *t, s32 number, const struct chain *chain)
{
	bpf_map__update_elem(t->skel->maps.chain_ids, &chain->hash, sizeof(chain->hash), &number,
			     sizeof(number), BPF_NOEXIST);
}

static void on_unwound(s32 number, const struct chain *chain, void *data)
{
	struct tracer *t = data;
	struct chain stood;

	if (read_chain(t, number, &stood))
		return;
	bpf_map__update_elem(t->skel->maps.chains, &number, sizeof(number), chain, sizeof(*chain),
			     BPF_ANY);
	if (stood.end == CHAIN_UNREAD)
		forget_number(t, number, &stood);
	if (chain->end != CHAIN_NO_MAPPING && chain->end != CHAIN_STALE_MAPPING)
		enter(t, number, chain);
}

static void unwind(struct tracer *t, u32 tgid, u32 exec, bool of_exec)
{
	struct raw_code code;

	if (!t->raw || !raw_stacks__any(t->raw, tgid))
		return;
	unwind_tables__code(t->tables, (pid_t)tgid, &code);
	raw_stacks__unwind(t->raw, tgid, exec, of_exec, &code, on_unwound, t);
	if (!raw_stacks__any(t->raw, tgid))
		bpf_map__delete_elem(t->skel->maps.raw_uses, &tgid, sizeof(tgid), 0);
}

void tracer__unwind_raw_before(struct tracer *t, u32 tgid, u32 exec)
{
	unwind(t, tgid, exec, false);
}

void tracer__unwind_raw_after(struct tracer *t, u32 tgid, u32 exec)
{
	unwind(t, tgid, exec, true);
}

void tracer__unwind_fresh(struct tracer *t)
{
	u32 tgid;

	while (t->raw && (tgid = raw_stacks__fresh(t->raw))) {
		u32 exec = raw_stacks__exec(t->raw, tgid);

		unwind(t, tgid, exec, false);
		unwind_tables__refresh(t->tables, (pid_t)tgid);
		unwind(t, tgid, exec, true);
	}
}

void tracer__unwind_all(struct tracer *t)
{
	if (!t->raw)
		return;
	ring_buffer__consume(t->raw_ring);
	raw_stacks__retry(t->raw);
	tracer__unwind_fresh(t);
	raw_stacks__retry(t->raw);
	if (!raw_stacks__fresh(t->raw))
		return;
	unwind_tables__wait_read(t->tables);
	tracer__unwind_fresh(t);
}

void tracer__forget_raw(struct tracer *t, pid_t pid)
{
	struct bpf_map *map = t->skel->maps.raw_chains;
	u32 tgid = (u32)pid, id, next, *at = NULL;
	struct raw_chain chain;
	bool more;

	if (!t->raw)
		return;
	raw_stacks__forget(t->raw, tgid);
	bpf_map__delete_elem(t->skel->maps.raw_uses, &tgid, sizeof(tgid), 0);
	more = !bpf_map__get_next_key(map, at, &id, sizeof(id));
	while (more) {
		more = !bpf_map__get_next_key(map, &id, &next, sizeof(next));
		if (!bpf_map__lookup_elem(map, &id, sizeof(id), &chain, sizeof(chain), 0) &&
		    chain.tgid == tgid)
			bpf_map__delete_elem(map, &id, sizeof(id), 0);
		id = next;
	}
}

int tracer__chain(struct tracer *t, s32 id, struct chain *out)
{
	int err = read_chain(t, id, out);

	if (!err && out->end == CHAIN_UNREAD) {
		out->n = 1;
		out->end = CHAIN_NO_MAPPING;
	}
	return err;
}
