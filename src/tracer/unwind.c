// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the tracer does for call chains by call frame information: tables before and while it runs.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "reader/client.h"
#include "shared/task.h"
#include "tracer/raw_stacks.h"
#include "tracer/tracer.h"
#include "tracer/tracer_internal.h"
#include "tracer/unwind_tables.h"

/* Chains are fewer than call sites, which differ by backing and access as well. */
enum { SITES_PER_CHAIN = 4, SITES_DEFAULT = 16384 };

/* Some 2,000 stacks, of one KiB each as a rule. */
enum { RAW_RING_BYTES = 2 << 20 };

int tracer__prepare_unwinding(struct tracer *t, const struct tracer_options *options)
{
	if (options->stack != STACK_CFI)
		return 0;
	t->tables = unwind_tables__new();
	if (!t->tables)
		return -ENOMEM;
	for (size_t i = 0; i < options->nr_tgids; i++) {
		int err = unwind_tables__scan(t->tables, options->tgids[i]);

		if (err && err != -ESRCH)
			return err;
	}
	unwind_tables__sizes(t->tables, options->follow_children || options->windowed, &t->max_rows,
			     &t->max_mappings);
	unwind_tables__begin_reading(t->tables);
	return 0;
}

void tracer__size_unwinding(struct tracer *t, const struct tracer_options *options)
{
	u32 sites = options->max_sites ? options->max_sites : SITES_DEFAULT;
	u32 chains = sites / SITES_PER_CHAIN + 1;

	if (options->stack == STACK_NONE)
		return;
	/* The first migration of a build takes some 200 numbers for stacks that are unwound later.
	 */
	if (options->stack == STACK_CFI)
		t->skel->rodata->max_raw_chains = chains;
	chains += t->skel->rodata->max_raw_chains;
	bpf_map__set_max_entries(t->skel->maps.chains, chains);
	bpf_map__set_max_entries(t->skel->maps.chain_ids, chains);
	bpf_map__set_max_entries(t->skel->maps.free_chains, chains);
	t->skel->rodata->max_chains = chains;
	if (options->stack != STACK_CFI)
		return;
	bpf_map__set_max_entries(t->skel->maps.unwind_rows, (u32)t->max_rows);
	bpf_map__set_max_entries(t->skel->maps.unwind_mappings, (u32)t->max_mappings);
	bpf_map__set_max_entries(t->skel->maps.memos, MEMO_SLOTS);
	bpf_map__set_max_entries(t->skel->maps.raw_stacks, RAW_RING_BYTES);
	bpf_map__set_max_entries(t->skel->maps.raw_chains, chains);
}

/* The kernel maps whole pages. */
static size_t map_size(size_t n, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n * size + page - 1) / page * page;
}

static void *map_array(const struct bpf_map *map, size_t n, size_t size)
{
	void *p = mmap(NULL, map_size(n, size), PROT_READ | PROT_WRITE, MAP_SHARED,
		       bpf_map__fd(map), 0);

	return p == MAP_FAILED ? NULL : p;
}

static int on_change(void *data, void *sample, size_t size)
{
	struct tracer *t = data;
	const struct mapping_change *change = sample;

	if (size < sizeof(*change))
		return 0;
	tracer__unwind_raw_before(t, change->tgid, change->exec);
	unwind_tables__read_mappings(t->tables, (pid_t)change->tgid);
	tracer__unwind_raw_after(t, change->tgid, change->exec);
	t->on_read((pid_t)change->tgid, t->on_read_data);
	return 0;
}

void tracer__tell(struct tracer *t, pid_t pid, const char *kind, const char *what)
{
	if (t->problem)
		t->problem(pid, kind, what, t->problem_data);
}

static void on_lack(const struct unwind_lack *lack, void *data)
{
	struct tracer *t = data;
	char what[512];

	if (lack->path)
		snprintf(what, sizeof(what),
			 "no room for the call frame information of %.200s (%zu rows; %zu of %zu "
			 "are "
			 "in use): call chains of pid %d end where they reach it",
			 lack->path, lack->wanted, lack->used, lack->size, (int)lack->pid);
	else
		snprintf(what, sizeof(what),
			 "no room for the %zu executable mappings of pid %d (%zu of %zu are in "
			 "use): "
			 "its call chains have one frame each",
			 lack->wanted, (int)lack->pid, lack->used, lack->size);
	tracer__tell(t, lack->pid, "room", what);
}

static const char *why_unreadable(int err)
{
	switch (err) {
	case -ENOENT:
		return "no file has that name any more";
	case -ESTALE:
		return "another file has that name by now";
	}
	return reader__why(err);
}

static void on_unreadable(pid_t pid, const char *path, int err, void *data)
{
	char what[512];

	snprintf(what, sizeof(what),
		 "cannot read %.200s, which pid %d executes: %s: its call chains end where they "
		 "reach it",
		 path, (int)pid, why_unreadable(err));
	tracer__tell(data, pid, "executable", what);
}

/* While one process is read others may begin to migrate. Who waits for changes waits for this as
 * well. */
static int read_in_background(struct tracer *t)
{
	struct epoll_event readable = {.events = EPOLLIN};
	int fd = unwind_tables__read_in_background(t->tables);

	if (fd < 0)
		return fd;
	return epoll_ctl(ring_buffer__epoll_fd(t->changes), EPOLL_CTL_ADD, fd, &readable) ? -errno
											  : 0;
}

int tracer__begin_unwinding(struct tracer *t)
{
	u32 nr_chains = bpf_map__max_entries(t->skel->maps.chains);
	struct unwind_maps maps;
	int err;

	t->chains = map_array(t->skel->maps.chains, nr_chains, sizeof(*t->chains));
	if (!t->chains)
		return -errno;
	if (!t->tables)
		return 0;
	t->rows = map_array(t->skel->maps.unwind_rows, t->max_rows, sizeof(*t->rows));
	t->mappings = map_array(t->skel->maps.unwind_mappings, t->max_mappings,
				sizeof(*t->mappings));
	if (!t->rows || !t->mappings)
		return -errno;
	t->changes = ring_buffer__new(bpf_map__fd(t->skel->maps.mapping_changes), on_change, t,
				      NULL);
	if (!t->changes)
		return -errno;
	err = tracer__begin_raw(t);
	if (err)
		return err;
	maps = (struct unwind_maps){
		.rows = t->rows,
		.max_rows = t->max_rows,
		.mappings = t->mappings,
		.max_mappings = t->max_mappings,
		.processes_fd = bpf_map__fd(t->skel->maps.unwind_processes),
		.generation = &t->skel->data->unwind_generation,
		.grace = &t->grace,
		.lacks = on_lack,
		.unreadable = on_unreadable,
		.data = t,
	};
	err = unwind_tables__publish(t->tables, &maps);
	return err || !t->skel->rodata->windowed ? err : read_in_background(t);
}

int tracer__changes_fd(const struct tracer *t)
{
	return t->changes ? ring_buffer__epoll_fd(t->changes) : -1;
}

void tracer__read_changed_mappings(struct tracer *t, void (*on_read)(pid_t pid, void *data),
				   void *data)
{
	if (!t->changes)
		return;
	t->on_read = on_read;
	t->on_read_data = data;
	ring_buffer__consume(t->raw_ring);
	ring_buffer__consume(t->changes);
	if (__atomic_exchange_n(&t->skel->bss->mapping_changes_missed, 0, __ATOMIC_SEQ_CST))
		unwind_tables__read_all_mappings(t->tables);
	if (unwind_tables__take_read(t->tables))
		raw_stacks__retry(t->raw);
	tracer__unwind_fresh(t);
}

void tracer__read_mappings(struct tracer *t, const pid_t *tgids, size_t n)
{
	for (size_t i = 0; t->tables && i < n; i++)
		unwind_tables__refresh(t->tables, tgids[i]);
}

void tracer__refresh(struct tracer *t, pid_t pid)
{
	tracer__read_mappings(t, &pid, 1);
}

void tracer__stop_on_mapping(struct tracer *t, pid_t tid)
{
	if (t->tables)
		__atomic_store_n(&t->skel->bss->launched_pid, tid, __ATOMIC_SEQ_CST);
}

void tracer__unmap_unwinding(struct tracer *t)
{
	ring_buffer__free(t->changes);
	t->changes = NULL;
	tracer__end_raw(t);
	if (t->rows)
		munmap(t->rows, map_size(t->max_rows, sizeof(*t->rows)));
	if (t->mappings)
		munmap(t->mappings, map_size(t->max_mappings, sizeof(*t->mappings)));
	if (t->chains)
		munmap(t->chains,
		       map_size(bpf_map__max_entries(t->skel->maps.chains), sizeof(*t->chains)));
	t->chains = NULL;
	t->rows = NULL;
	t->mappings = NULL;
}

void tracer__end_unwinding(struct tracer *t)
{
	unwind_tables__free(t->tables);
}
