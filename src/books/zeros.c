// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A page that is zero when the window closes was there before, or was populated in the window by
 * reading a hole, or was populated otherwise. It is known how many pages the first two are at most:
 * the rest of the zero pages are the third.
 */
#include "books/zeros.h"

int64_t site__written(const struct site *v)
{
	return (int64_t)(v->populated - v->zero_populated);
}

static struct site sum_of(const struct books *b, const struct backing_key *key)
{
	struct site sum = {0};

	for (size_t i = 0; i < b->nr_rows; i++)
		if (!backing_key__compare(&b->rows[i].key.backing, key))
			site__sum(&sum, &b->rows[i].value);
	return sum;
}

/* Pages that the backing had when the window opened, at most; -1 if it is not known. */
static int64_t pages_before(const struct books *b, const struct backing_key *key)
{
	const struct backing_row *open = counters__find_backing(&b->before->counters, key),
				 *row = counters__find_backing(&b->after->counters, key);

	if (!key->tgid)
		return open  ? (int64_t)open->value.pages_now
		       : row ? (int64_t)row->value.open_pages
			     : -1;
	for (size_t i = 0; i < b->facts->nr_targets; i++)
		if (b->facts->targets[i].pid == key->tgid)
			return b->before->figures[i].figures.known
				       ? b->before->figures[i].figures.anon
				       : -1;
	return -1;
}

static const struct look *find_look(const struct facts *f, const struct backing_key *key)
{
	for (size_t i = 0; i < f->nr_targets; i++)
		for (size_t k = 0; k < f->targets[i].nr_looks; k++)
			if (!backing_key__compare(&f->targets[i].looks[k].key, key))
				return &f->targets[i].looks[k];
	return NULL;
}

struct zeros zeros__of(const struct books *b, const struct backing_key *key)
{
	const struct look *look = find_look(b->facts, key);
	struct zeros z = {RECORD_UNKNOWN, 0, RECORD_UNKNOWN};
	int64_t before = look ? pages_before(b, key) : -1;
	struct site sum;

	if (before < 0)
		return z;
	sum = sum_of(b, key);
	z.written = site__written(&sum);
	z.looked_pages = look->looked_pages;
	z.written_zeros = look->zero_pages - before - (int64_t)sum.zero_populated;
	z.written_zeros = z.written_zeros > 0 ? z.written_zeros : 0;
	z.written_zeros = z.written_zeros < z.written ? z.written_zeros : z.written;
	return z;
}

int64_t zeros__of_site(const struct zeros *zeros, const struct site *v)
{
	int64_t least;

	if (zeros->written_zeros == RECORD_UNKNOWN)
		return RECORD_UNKNOWN;
	least = zeros->written_zeros - (zeros->written - site__written(v));
	return least > 0 ? least : 0;
}
