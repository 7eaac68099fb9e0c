// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which thread populated: what each counted in the window, and what is left over, which no thread
 * is known to have done.
 */
#include <errno.h>
#include <string.h>

#include "books/books_internal.h"

static int add(const struct facts *f, struct record *r, const struct thread_row *row,
	       const struct site *sum)
{
	struct record_thread *t = record__add_thread(r);

	if (!t)
		return -ENOMEM;
	t->pid = row->key.tgid;
	t->tid = row->key.tid;
	t->faults = (int64_t)sum->faults;
	t->populated_pages = (int64_t)sum->populated;
	t->zero_populated_pages = r->totals.zero_populated_pages == RECORD_UNKNOWN
					  ? RECORD_UNKNOWN
					  : (int64_t)sum->zero_populated;
	t->released_pages = (int64_t)sum->released;
	if (!*row->value.comm)
		return copy_string(&t->comm, facts__thread_name(f, row->key.tid));
	t->comm = strndup(row->value.comm, sizeof(row->value.comm));
	return t->comm ? 0 : -ENOMEM;
}

static void take(int64_t *left, int64_t counted)
{
	if (*left != RECORD_UNKNOWN)
		*left = *left > counted ? *left - counted : 0;
}

static int add_left_over(struct record *r)
{
	struct record_thread left = {
		.faults = r->totals.faults,
		.populated_pages = r->totals.populated_pages,
		.zero_populated_pages = r->totals.zero_populated_pages,
		.released_pages = r->totals.released_pages,
	};
	struct record_thread *t;

	for (size_t i = 0; i < r->nr_threads; i++) {
		take(&left.faults, r->threads[i].faults);
		take(&left.populated_pages, r->threads[i].populated_pages);
		take(&left.zero_populated_pages, r->threads[i].zero_populated_pages);
		take(&left.released_pages, r->threads[i].released_pages);
	}
	if (!(left.faults | left.populated_pages | left.released_pages))
		return 0;
	t = record__add_thread(r);
	if (!t)
		return -ENOMEM;
	*t = left;
	return 0;
}

int threads__fill(const struct books *b, struct record *r)
{
	const struct counters *after = &b->after->counters;

	for (size_t i = 0; i < after->nr_threads; i++) {
		struct site sum = thread_row__since(&after->threads[i], &b->before->counters);
		int err;

		if (!site__counts(&sum))
			continue;
		err = add(b->facts, r, &after->threads[i], &sum);
		if (err)
			return err;
	}
	return add_left_over(r);
}
