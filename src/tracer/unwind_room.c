// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Room in the kernel's arrays of rows and mappings. The rows of a file stay where they are when the
 * last process that had it mapped is gone, since the next guest executes the same; they go when
 * their room is wanted. A part that was given back is written to only when no program can be
 * reading it any more.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "tracer/unwind_tables_internal.h"

/* Files that no process has mapped, whose rows are kept: five QEMUs with their libraries. */
enum { IDLE_MODULES_MAX = 256 };

void unwind_module__hold(struct unwind_tables *t, struct unwind_module *m)
{
	if (m->users++)
		return;
	if (m->place && !m->place->used++)
		t->rows_used += m->place->n;
}

void unwind_module__drop(struct unwind_tables *t, struct unwind_module *m)
{
	if (--m->users)
		return;
	m->idle_since = ++t->idle_clock;
	m->again = m->end == CHAIN_NO_ROOM;
	if (m->place && !--m->place->used)
		t->rows_used -= m->place->n;
}

void unwind_room__forget(struct unwind_tables *t, size_t i)
{
	struct unwind_place *place = t->modules.v[i]->place;

	if (place && !--place->modules) {
		ranges__give_back(&t->rows, place->first, place->n);
		free(place);
	}
	unwind_modules__remove(&t->modules, i);
}

/* The module that has had no users longest; its index, or that of none. */
static size_t oldest_idle(const struct unwind_tables *t, size_t *nr_idle)
{
	size_t oldest = t->modules.n;

	*nr_idle = 0;
	for (size_t i = 0; i < t->modules.n; i++) {
		const struct unwind_module *m = t->modules.v[i];

		if (m->users || m->reading)
			continue;
		++*nr_idle;
		if (oldest == t->modules.n || m->idle_since < t->modules.v[oldest]->idle_since)
			oldest = i;
	}
	return oldest;
}

static bool forget_oldest(struct unwind_tables *t, size_t spare)
{
	size_t nr_idle, i = oldest_idle(t, &nr_idle);

	if (nr_idle <= spare)
		return false;
	unwind_room__forget(t, i);
	return true;
}

void unwind_room__trim(struct unwind_tables *t)
{
	while (forget_oldest(t, IDLE_MODULES_MAX))
		;
}

static const struct code_process *find(const struct unwind_tables *t, u32 tgid)
{
	for (size_t i = 0; i < t->nr_processes; i++)
		if (t->processes[i].pid == (pid_t)tgid)
			return &t->processes[i];
	return NULL;
}

/* Processes that the kernel points to mappings which are not theirs any more: a child that has its
 * parent's until its own are read, and such as ended unseen. They will be asked for again. */
static void drop_stale_processes(struct unwind_tables *t)
{
	u32 tgid, next;
	int fd = t->maps.processes_fd;
	bool more = !bpf_map_get_next_key(fd, NULL, &next);

	while (more) {
		const struct code_process *p;
		struct unwind_process value;

		tgid = next;
		more = !bpf_map_get_next_key(fd, &tgid, &next);
		if (bpf_map_lookup_elem(fd, &tgid, &value))
			continue;
		p = find(t, tgid);
		if (p ? value.n && value.first != p->first
		      : value.n || (kill((pid_t)tgid, 0) && errno == ESRCH))
			bpf_map_delete_elem(fd, &tgid);
	}
}

/* What was given back can be taken again. */
static int reclaim(struct unwind_tables *t)
{
	int err;

	drop_stale_processes(t);
	err = grace__wait(t->maps.grace);
	if (err)
		return err;
	ranges__settle(&t->rows);
	ranges__settle(&t->mappings);
	return 0;
}

/* Room for "n" rows: what is free, then what waits, then of idle modules as many as are needed,
 * then of all of them, since parts that are free may lie apart. */
static int take_rows(struct unwind_tables *t, size_t n, size_t *first)
{
	int err = ranges__take(&t->rows, n, first);

	if (err == -ENOSPC && t->rows.waiting.n) {
		err = reclaim(t);
		err = err ? err : ranges__take(&t->rows, n, first);
	}
	for (size_t goal = n; err == -ENOSPC; goal = t->maps.max_rows) {
		bool any = false;

		while (t->rows.free.elements + t->rows.waiting.elements < goal &&
		       forget_oldest(t, 0))
			any = true;
		if (!any)
			break;
		err = reclaim(t);
		err = err ? err : ranges__take(&t->rows, n, first);
	}
	return err;
}

/* Has a copy of the file its rows there already? */
static bool place_as_another(struct unwind_tables *t, struct unwind_module *m)
{
	for (size_t i = 0; m->headers.build_id && i < t->modules.n; i++) {
		const struct unwind_module *other = t->modules.v[i];

		if (other == m || !other->place || other->place->n != m->table.n ||
		    other->base != m->table.base || !other->headers.build_id ||
		    strcmp(other->headers.build_id, m->headers.build_id) ||
		    memcmp(t->maps.rows + other->place->first, m->table.rows,
			   m->table.n * sizeof(*m->table.rows)))
			continue;
		m->place = other->place;
		return true;
	}
	return false;
}

static bool place_anew(struct unwind_tables *t, struct unwind_module *m)
{
	struct unwind_place *place = calloc(1, sizeof(*place));

	if (!place || take_rows(t, m->table.n, &place->first)) {
		free(place);
		return false;
	}
	place->n = m->table.n;
	memcpy(t->maps.rows + place->first, m->table.rows, place->n * sizeof(*m->table.rows));
	m->place = place;
	return true;
}

bool unwind_room__place(struct unwind_tables *t, struct unwind_module *m)
{
	bool lacks = false;

	if (m->placed)
		return false;
	m->placed = true;
	if (m->end != CHAIN_COMPLETE)
		return false;
	m->base = m->table.base;
	if (!m->table.n) {
		/* no code */
	} else if (place_as_another(t, m) || place_anew(t, m)) {
		m->place->modules++;
		if (m->users && !m->place->used++)
			t->rows_used += m->place->n;
	} else {
		m->end = CHAIN_NO_ROOM;
		lacks = m->wanted != m->table.n;
		m->wanted = m->table.n;
		t->rows_failed = t->rows_used;
	}
	cfi__free(&m->table);
	return lacks;
}

int unwind_room__take_mappings(struct unwind_tables *t, size_t n, size_t *first)
{
	int err;

	/* One process is not to have the room of all others. */
	if (n > t->maps.max_mappings / 4)
		return -ENOSPC;
	err = ranges__take(&t->mappings, n, first);
	if (err == -ENOSPC && !(err = reclaim(t)))
		err = ranges__take(&t->mappings, n, first);
	return err;
}

bool unwind_room__has_come_back(struct unwind_tables *t)
{
	bool any = false;

	if (t->rows_used >= t->rows_failed)
		return false;
	for (size_t i = 0; i < t->modules.n; i++) {
		struct unwind_module *m = t->modules.v[i];

		if (m->users && m->end == CHAIN_NO_ROOM &&
		    m->wanted <= t->maps.max_rows - t->rows_used)
			any = m->again = true;
	}
	t->rows_failed = t->rows_used;
	return any;
}
