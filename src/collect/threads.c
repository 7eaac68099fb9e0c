// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which thread populated: what each counted in the window, and what is left over of which none is
 * told.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collect/books_internal.h"
#include "proc/process.h"

static int thread_row__compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct thread_key));
}

/* What a thread counted since the opening. */
static struct site in_window(const struct thread_row *row, const struct counters *open)
{
	const struct thread_row *before = NULL;
	struct site sum = row->value.sum;

	if (open->nr_threads)
		before = bsearch(row, open->threads, open->nr_threads, sizeof(*open->threads),
				 thread_row__compare);
	if (before) {
		sum.faults -= before->value.sum.faults;
		sum.populated -= before->value.sum.populated;
		sum.zero_populated -= before->value.sum.zero_populated;
		sum.released -= before->value.sum.released;
	}
	return sum;
}

static int add(struct record *r, const struct thread_row *row, const struct site *sum)
{
	struct record_thread *t = record__add_thread(r);

	if (!t)
		return -ENOMEM;
	t->pid = row->key.tgid;
	t->tid = row->key.tid;
	t->comm = *row->value.comm ? strndup(row->value.comm, sizeof(row->value.comm))
				   : proc__comm((pid_t)row->key.tid);
	t->faults = (int64_t)sum->faults;
	t->populated_pages = (int64_t)sum->populated;
	t->zero_populated_pages = r->totals.zero_populated_pages == RECORD_UNKNOWN
					  ? RECORD_UNKNOWN
					  : (int64_t)sum->zero_populated;
	t->released_pages = (int64_t)sum->released;
	return 0;
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

int threads__fill(const struct session *s, const struct counters *close, struct record *r)
{
	for (size_t i = 0; i < close->nr_threads; i++) {
		struct site sum = in_window(&close->threads[i], &s->open.counters);
		int err;

		if (!(sum.faults | sum.populated | sum.released))
			continue;
		err = add(r, &close->threads[i], &sum);
		if (err)
			return err;
	}
	return add_left_over(r);
}
