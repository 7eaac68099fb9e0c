// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The head of a record: by what it was made, on which host, when, of which targets, at what cost.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "books/books_internal.h"
#include "books/outcome.h"
#include "shared/task.h"

/* With fewer timed events than this, nothing can be said about the events that were not timed. */
enum { SAMPLES_MIN = 16 };

int copy_string(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return from && !*to ? -ENOMEM : 0;
}

static int copy_strings(const struct facts *f, struct record *r)
{
	const char *text = f->closed_by_text;
	const struct {
		char **to;
		const char *from;
	} strings[] = {
		{&r->started_at, f->started_at},
		{&r->tool_version, f->tool_version},
		{&r->host_name, f->host_name},
		{&r->host_boot_id, f->host_boot_id},
		{&r->host_kernel, f->host_kernel},
		{&r->host_arch, f->host_arch},
		{&r->host_lockdown, f->host_lockdown},
		{&r->opened_by_text, window_reason__text(f->opened_by)},
		{&r->closed_by_text, text ? text : window_reason__text(f->closed_by)},
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(strings) / sizeof(*strings); i++)
		err = copy_string(strings[i].to, strings[i].from);
	return err;
}

static int64_t resident(const struct figures *f)
{
	return f->anon - f->swapped + f->file + f->shmem;
}

/* Fills in the resident pages at both edges. If the kernel closed the books, of a process that may
 * be gone by now, the figure at the close is the kernel's of that moment. */
static void fill_resident(const struct snapshot *after, size_t i, struct record_target *to)
{
	const struct process *p = counters__find_process(&after->counters, to->pid);
	const struct figures *open = p ? &p->edges[EDGE_OPEN] : NULL;
	const struct figures *end = p && p->exited ? &p->edges[EDGE_CLOSE] : NULL;

	to->rss_pages_before = open && open->known ? resident(open) : RECORD_UNKNOWN;
	to->rss_pages_after = end && end->known ? resident(end)
						: record_count__of(after->figures[i].rss);
}

static int fill_targets(const struct books *b, struct record *r)
{
	for (size_t i = 0; i < b->facts->nr_targets; i++) {
		struct record_target *to = record__add_target(r);

		if (!to || record_target__copy(to, b->facts->targets[i].described))
			return -ENOMEM;
		fill_resident(b->after, i, to);
	}
	return 0;
}

/* Fills in the cost of the tracer's own programs. A thread that ends while the counters are read is
 * in them twice or not at all: if the sums have fallen since the opening, the cost is not known. */
static void fill_overhead(const struct counters *before, const struct counters *after,
			  struct record *r)
{
	u64 ns = after->sampled_ns - before->sampled_ns;

	r->overhead.events = after->events > before->events
				     ? (int64_t)(after->events - before->events)
				     : 0;
	r->overhead.bpf_ns = RECORD_UNKNOWN;
	r->overhead.ns_per_event = NAN;
	if (r->overhead.events < SAMPLES_MIN * EVENTS_PER_SAMPLE ||
	    after->sampled_ns < before->sampled_ns)
		return;
	r->overhead.bpf_ns = (int64_t)(ns * EVENTS_PER_SAMPLE);
	r->overhead.ns_per_event = (double)r->overhead.bpf_ns / (double)r->overhead.events;
	if (r->end_ns > r->start_ns)
		r->overhead.share_of_window = (double)r->overhead.bpf_ns /
					      (double)(r->end_ns - r->start_ns);
}

int head__fill(const struct books *b, struct record *r)
{
	const struct facts *f = b->facts;
	int err = copy_strings(f, r);

	r->host_page_size = (uint32_t)f->page_size;
	r->mode = mode__name(f->mode);
	r->stack = stack__name(f->stack);
	r->opened_by = f->opened_by;
	r->closed_by = f->closed_by;
	r->start_ns = b->before->counters.taken_ns;
	r->end_ns = b->after->counters.taken_ns;
	r->late_ns = f->late_ns;
	r->late_pages = f->late_pages;
	if (f->migration) {
		window__describe(f->migration, &r->migration);
		r->migration.outcome = f->outcome;
	}
	r->totals.faults = r->totals.faults_user = r->totals.faults_kernel = 0;
	r->totals.populated_pages = r->totals.zero_populated_pages = 0;
	r->totals.released_pages = r->totals.advice_calls = r->totals.advice_bytes = 0;
	r->totals.mapped_pages = RECORD_UNKNOWN;
	fill_overhead(&b->before->counters, &b->after->counters, r);
	return err ? err : fill_targets(b, r);
}
