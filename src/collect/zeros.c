// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Zero pages that were written. A page that is zero when the window closes was there before it, was
 * populated in it by reading a hole, or was populated otherwise: the first two are known to be so
 * many at most, and the rest of the zero pages are the third.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "collect/books_internal.h"
#include "collect/zeros.h"

static int64_t written_of(const struct site *v)
{
	return (int64_t)(v->populated - v->zero_populated);
}

/* What the rows say of a backing. */
static struct site sum_of(const struct site_row *rows, size_t n, const struct backing_key *key)
{
	struct site sum = {0};

	for (size_t i = 0; i < n; i++) {
		if (backing_key__compare(&rows[i].key.backing, key))
			continue;
		sum.populated += rows[i].value.populated;
		sum.zero_populated += rows[i].value.zero_populated;
	}
	return sum;
}

/* Adds what the rows populated otherwise than by reading holes, "sign" times, to the backing each.
 */
static void add_written(const struct counters *now, const struct site_row *rows, size_t n,
			int64_t sign, int64_t *written)
{
	for (size_t i = 0; i < n; i++) {
		const struct backing_row *row;

		if (!rows[i].value.populated)
			continue;
		row = counters__find_backing(now, &rows[i].key.backing);
		if (row)
			written[row - now->backings] += sign * written_of(&rows[i].value);
	}
}

/* Can it be looked at? A file of tmpfs, or anonymous memory of the target's own. */
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

static struct look *add_look(struct target *t, const struct backing_key *key)
{
	struct look *more;

	for (size_t i = 0; i < t->nr_looks; i++)
		if (!backing_key__compare(&t->looks[i].key, key))
			return &t->looks[i];
	more = realloc(t->looks, (t->nr_looks + 1) * sizeof(*more));
	if (!more)
		return NULL;
	t->looks = more;
	more += t->nr_looks++;
	more->key = *key;
	return more;
}

void zeros__look(struct session *s, size_t target, const struct counters *now)
{
	const struct counters *open = &s->open.counters;
	int64_t *written = calloc(now->nr_backings + 1, sizeof(*written)), left = 0;
	struct target *t = &s->targets[target];
	u64 budget = ZEROS_LOOK_NS / s->nr_targets;

	if (!written)
		return;
	add_written(now, now->sites, now->nr_sites, 1, written);
	add_written(now, open->sites, open->nr_sites, -1, written);
	for (size_t i = 0; i < now->nr_backings; i++) {
		struct zero_pages z;

		if (written[i] < ZEROS_LOOK_MIN_PAGES || !can_look(&now->backings[i], t->pid, &z))
			written[i] = 0;
		left += written[i];
	}
	for (size_t i = 0; i < now->nr_backings && left > 0; i++) {
		u64 share = (u64)((double)budget * (double)written[i] / (double)left);
		struct zero_pages found;
		struct look *look;

		if (!written[i])
			continue;
		can_look(&now->backings[i], t->pid, &found);
		if (!zero_pages__count(&found, t->pid, share) &&
		    (look = add_look(t, &now->backings[i].key)))
			look->found = found;
		budget -= share < budget ? share : budget;
		left -= written[i];
	}
	free(written);
}

/* Pages that the backing had when the window opened, at most; -1 where not known. */
static int64_t pages_before(const struct session *s, const struct counters *now,
			    const struct backing_key *key)
{
	const struct backing_row *open = counters__find_backing(&s->open.counters, key),
				 *row = counters__find_backing(now, key);

	if (!key->tgid)
		return open  ? (int64_t)open->value.pages_now
		       : row ? (int64_t)row->value.open_pages
			     : -1;
	for (size_t i = 0; i < s->nr_targets; i++)
		if (s->targets[i].pid == (pid_t)key->tgid)
			return s->open.figures[i].anon;
	return -1;
}

static const struct look *find_look(const struct session *s, const struct backing_key *key)
{
	for (size_t i = 0; i < s->nr_targets; i++)
		for (size_t k = 0; k < s->targets[i].nr_looks; k++)
			if (!backing_key__compare(&s->targets[i].looks[k].key, key))
				return &s->targets[i].looks[k];
	return NULL;
}

struct zeros zeros__of(const struct session *s, const struct counters *now,
		       const struct backing_key *key, const struct site_row *rows, size_t n)
{
	const struct look *look = find_look(s, key);
	struct zeros z = {RECORD_UNKNOWN, 0, RECORD_UNKNOWN};
	int64_t before = look ? pages_before(s, now, key) : -1;
	struct site sum;

	if (before < 0)
		return z;
	sum = sum_of(rows, n, key);
	z.written = written_of(&sum);
	z.looked_pages = look->found.looked_pages;
	z.written_zeros = look->found.zero_pages - before - (int64_t)sum.zero_populated;
	z.written_zeros = z.written_zeros > 0 ? z.written_zeros : 0;
	z.written_zeros = z.written_zeros < z.written ? z.written_zeros : z.written;
	return z;
}

int64_t zeros__of_site(const struct zeros *zeros, const struct site *v)
{
	int64_t least;

	if (zeros->written_zeros == RECORD_UNKNOWN)
		return RECORD_UNKNOWN;
	least = zeros->written_zeros - (zeros->written - written_of(v));
	return least > 0 ? least : 0;
}
