// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shares the time to look among the backings of a target, by the pages that were written in each.
 */
#include "watch/look.h"

#include <stdlib.h>
#include <sys/sysmacros.h>

#include "proc/zero_pages.h"

/* Adds to "written", for each backing of "now", what the call sites of "c" populated in it
 * otherwise than by reading holes, "sign" times. */
static void add_written(const struct counters *now, const struct counters *c, int64_t sign,
			int64_t *written)
{
	for (size_t i = 0; i < c->nr_sites; i++) {
		const struct site *v = &c->sites[i].value;
		const struct backing_row *row;

		if (!v->populated)
			continue;
		row = counters__find_backing(now, &c->sites[i].key.backing);
		if (row)
			written[row - now->backings] += sign *
							(int64_t)(v->populated - v->zero_populated);
	}
}

/* True if the backing can be looked at: a file of tmpfs, or anonymous memory of the target's own.
 * Then "z" says where it is. */
static bool can_look(const struct backing_row *row, pid_t pid, struct zero_pages *z)
{
	*z = (struct zero_pages){0};
	if (row->key.kind == KIND_SHMEM && !row->key.tgid) {
		z->dev = makedev(row->key.dev >> 20, row->key.dev & 0xfffff);
		z->inode = row->key.id;
		return true;
	}
	z->start = row->value.start;
	z->end = row->value.end;
	return row->key.kind == KIND_ANON && row->key.tgid == (u32)pid && z->end > z->start;
}

static void keep(struct target *t, const struct backing_key *key, const struct zero_pages *found)
{
	struct look *look = NULL, *more;

	for (size_t i = 0; !look && i < t->nr_looks; i++)
		if (!backing_key__compare(&t->looks[i].key, key))
			look = &t->looks[i];
	if (!look) {
		more = reallocarray(t->looks, t->nr_looks + 1, sizeof(*more));
		if (!more)
			return;
		t->looks = more;
		look = &more[t->nr_looks++];
	}
	*look = (struct look){*key, found->looked_pages, found->zero_pages};
}

void target__look(struct target *t, const struct counters *open, const struct counters *now,
		  u64 budget_ns)
{
	int64_t *written = calloc(now->nr_backings + 1, sizeof(*written)), left = 0;

	if (!written)
		return;
	add_written(now, now, 1, written);
	add_written(now, open, -1, written);
	for (size_t i = 0; i < now->nr_backings; i++) {
		struct zero_pages z;

		if (written[i] < LOOK_MIN_PAGES || !can_look(&now->backings[i], t->pid, &z))
			written[i] = 0;
		left += written[i];
	}
	for (size_t i = 0; i < now->nr_backings && left > 0; i++) {
		u64 share = (u64)((double)budget_ns * (double)written[i] / (double)left);
		struct zero_pages found;

		if (!written[i])
			continue;
		can_look(&now->backings[i], t->pid, &found);
		if (!zero_pages__count(&found, t->pid, share))
			keep(t, &now->backings[i].key, &found);
		budget_ns -= share < budget_ns ? share : budget_ns;
		left -= written[i];
	}
	free(written);
}
