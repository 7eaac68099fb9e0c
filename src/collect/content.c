// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a record says happened: who was watched and how, call sites, backings, advice, losses. It
 * does not hold it against the kernel's figures.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "clock.h"
#include "collect/books_internal.h"
#include "collect/chains.h"
#include "collect/room.h"
#include "collect/zeros.h"
#include "losses.h"
#include "proc/system.h"
#include "shared/task.h"
#include "symbol/resolve.h"
#include "vmm/vmm.h"

/* Fewer timed events say nothing of the others. */
enum { SAMPLES_MIN = 16 };

int backing_key__compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct backing_key));
}

int site_key__compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct site_key));
}

const struct process *counters__find_process(const struct counters *c, u32 tgid)
{
	for (size_t i = 0; i < c->nr_processes; i++)
		if (c->processes[i].tgid == tgid)
			return &c->processes[i].value;
	return NULL;
}

const struct backing_row *counters__find_backing(const struct counters *c,
						 const struct backing_key *key)
{
	return c->nr_backings ? bsearch(key, c->backings, c->nr_backings, sizeof(*c->backings),
					backing_key__compare)
			      : NULL;
}

static bool is_shared(const struct backing_key *key)
{
	return !key->tgid &&
	       (key->kind == KIND_SHMEM || key->kind == KIND_HUGETLB || key->kind == KIND_FILE);
}

char *backing_key__name(const struct backing_key *key, const struct backing_row *row)
{
	const struct backing *b = row ? &row->value : NULL;
	char *name = NULL;

	if (b && b->flags & BACKING_HEAP)
		return strdup("[heap]");
	if (b && b->flags & BACKING_STACK)
		return strdup("[stack]");
	if (b && b->name[0])
		return strndup(b->name, sizeof(b->name));
	if (key->kind == KIND_ANON && b && b->end)
		name = asprintf(&name, "[anon %#llx]", (unsigned long long)b->start) < 0 ? NULL
											 : name;
	else if (key->kind == KIND_ANON)
		name = strdup("[anon]");
	else if (key->kind == KIND_HUGETLB && key->tgid)
		name = strdup("[hugetlb]");
	else
		name = strdup("[unnamed]");
	return name;
}

/* Fills what does not depend on a count. */
static void describe_backing(const struct session *s, const struct counters *c,
			     const struct backing_key *key, struct record_backing *out)
{
	const struct backing_row *row = counters__find_backing(c, key);

	out->name = backing_key__name(key, row);
	out->kind = kind__name(key->kind);
	out->inode = key->tgid && key->kind != KIND_PRIVATE_FILE ? 0 : key->id;
	out->shared = is_shared(key);
	out->length_pages = RECORD_UNKNOWN;
	out->numa_node = RECORD_UNKNOWN;
	for (size_t i = 0; i < s->nr_targets; i++) {
		const struct ram_blocks *blocks = &s->targets[i].blocks;
		bool has_file = key->dev || !row;
		const struct ram_block *block;

		if (key->tgid && key->tgid != (u32)s->targets[i].pid)
			continue;
		block = ram_blocks__find(blocks, key->dev, has_file ? key->id : 0,
					 row ? row->value.start : 0);
		if (!block)
			continue;
		out->ram_block = strdup(block->id);
		out->length_pages = block->length_pages;
		if (block->numa_node >= 0)
			out->numa_node = block->numa_node;
		return;
	}
}

/* Are some of the pages holes, and it is not known which? So it is where the file system does not
 * tell what it reads for a file. */
static bool may_be_holes(const struct counters *c, const struct site_row *row)
{
	const struct backing_row *backing;

	if (row->key.backing.kind != KIND_FILE || row->key.access == ACCESS_WRITE ||
	    !row->value.populated)
		return false;
	backing = counters__find_backing(c, &row->key.backing);
	return backing && backing->value.flags & BACKING_HOLES_UNKNOWN;
}

/* A sum of which a part is not known is not known. */
static void add_zero(int64_t *sum, int64_t pages)
{
	*sum = *sum == RECORD_UNKNOWN || pages == RECORD_UNKNOWN ? RECORD_UNKNOWN : *sum + pages;
}

static int64_t zero_pages(const struct counters *c, const struct site_row *row)
{
	return may_be_holes(c, row) ? RECORD_UNKNOWN : (int64_t)row->value.zero_populated;
}

static void add_counts(struct record_backing *to, const struct counters *c,
		       const struct site_row *row)
{
	const struct site *from = &row->value;

	to->populated_pages += (int64_t)from->populated;
	add_zero(&to->zero_populated_pages, zero_pages(c, row));
	to->released_pages += (int64_t)from->released;
}

/* Order of call sites: all but the backing, so that the rows of one stand together. */
static int compare_callsites(const void *a, const void *b)
{
	struct site_key x = ((const struct site_row *)a)->key,
			y = ((const struct site_row *)b)->key;
	int order;

	memset(&x.backing, 0, sizeof(x.backing));
	memset(&y.backing, 0, sizeof(y.backing));
	order = memcmp(&x, &y, sizeof(x));
	return order ? order : site_key__compare(a, b);
}

static bool same_callsite(const struct site_row *a, const struct site_row *b)
{
	struct site_key x = a->key, y = b->key;

	memset(&x.backing, 0, sizeof(x.backing));
	memset(&y.backing, 0, sizeof(y.backing));
	return !memcmp(&x, &y, sizeof(x));
}

static int start_callsite(const struct session *s, const struct counters *c,
			  const struct site_key *key, struct record_callsite *site)
{
	site->category = strdup("other");
	site->access = (enum record_access)key->access;
	site->context = (enum record_context)key->context;
	site->syscall = key->syscall == SYSCALL_NONE ? NULL : syscall__name(key->syscall);
	site->pid = key->tgid;
	site->comm = session__is_target(s, key->tgid) ? NULL : others__comm(c, key->tgid);
	site->faults = site->populated_pages = site->zero_populated_pages = 0;
	site->released_pages = 0;
	site->fault_ns = tracer__mode(s->tracer) == MODE_TRACEPOINT ? RECORD_UNKNOWN : 0;
	if (!site->category)
		return -ENOMEM;
	return chains__resolve(s, key->tgid, key->ip, key->stack, key->syscall != SYSCALL_NONE,
			       &site->frames, &site->chain_end);
}

static int add_callsites(const struct session *s, const struct counters *c, struct site_row *rows,
			 size_t n, struct record *r)
{
	struct record_callsite *site = NULL;
	const struct site_row *last = NULL;

	qsort(rows, n, sizeof(*rows), compare_callsites);
	for (size_t i = 0; i < n; i++) {
		const struct site *v = &rows[i].value;
		struct record_backing *backing;
		struct zeros zeros;
		int err;

		if (!(v->faults | v->populated | v->released))
			continue;
		if (!last || !same_callsite(last, &rows[i])) {
			site = record__add_callsite(r);
			if (!site)
				return -ENOMEM;
			err = start_callsite(s, c, &rows[i].key, site);
			if (err)
				return err;
		}
		last = &rows[i];
		site->faults += (int64_t)v->faults;
		site->populated_pages += (int64_t)v->populated;
		add_zero(&site->zero_populated_pages, zero_pages(c, &rows[i]));
		site->released_pages += (int64_t)v->released;
		if (site->fault_ns != RECORD_UNKNOWN)
			site->fault_ns += (int64_t)v->fault_ns;
		r->totals.faults += (int64_t)v->faults;
		if (rows[i].key.context == CONTEXT_USER)
			r->totals.faults_user += (int64_t)v->faults;
		else
			r->totals.faults_kernel += (int64_t)v->faults;
		r->totals.populated_pages += (int64_t)v->populated;
		add_zero(&r->totals.zero_populated_pages, zero_pages(c, &rows[i]));
		r->totals.released_pages += (int64_t)v->released;
		if (rows[i].key.backing.kind == KIND_NONE)
			continue;
		backing = record_callsite__add_backing(site);
		if (!backing)
			return -ENOMEM;
		backing->populated_pages = backing->zero_populated_pages = 0;
		backing->released_pages = 0;
		describe_backing(s, c, &rows[i].key.backing, backing);
		add_counts(backing, c, &rows[i]);
		zeros = zeros__of(s, c, &rows[i].key.backing, rows, n);
		backing->zero_written_pages = zeros__of_site(&zeros, v);
		site->zero_written_pages = record_count__sum(site->zero_written_pages,
							     backing->zero_written_pages);
	}
	return 0;
}

/* Sums by backing: rows sorted by backing first. */
static int compare_by_backing(const void *a, const void *b)
{
	return backing_key__compare(&((const struct site_row *)a)->key.backing,
				    &((const struct site_row *)b)->key.backing);
}

static void add_zeros(const struct session *s, const struct counters *c,
		      const struct backing_key *key, const struct site_row *rows, size_t n,
		      struct record_backing *backing, struct record *r)
{
	struct zeros zeros = zeros__of(s, c, key, rows, n);

	backing->looked_pages = zeros.looked_pages;
	backing->zero_written_pages = zeros.written_zeros;
	r->totals.zero_written_pages = record_count__sum(r->totals.zero_written_pages,
							 zeros.written_zeros);
}

static int add_backings(const struct session *s, const struct counters *c, struct site_row *rows,
			size_t n, struct record *r)
{
	struct record_backing *backing = NULL;
	const struct backing_key *last = NULL;

	qsort(rows, n, sizeof(*rows), compare_by_backing);
	for (size_t i = 0; i < n; i++) {
		const struct backing_key *key = &rows[i].key.backing;

		if (key->kind == KIND_NONE || !(rows[i].value.populated | rows[i].value.released))
			continue;
		if (!last || backing_key__compare(last, key)) {
			backing = record__add_backing(r);
			if (!backing)
				return -ENOMEM;
			backing->populated_pages = backing->zero_populated_pages = 0;
			backing->released_pages = 0;
			describe_backing(s, c, key, backing);
			add_zeros(s, c, key, rows, n, backing, r);
		}
		last = key;
		add_counts(backing, c, &rows[i]);
	}
	return 0;
}

static int compare_advice_keys(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct advice_key));
}

static int add_advice(const struct session *s, const struct counters *close, struct record *r)
{
	const struct counters *open = &s->open.counters;

	for (size_t i = 0; i < close->nr_advice; i++) {
		const struct advice_key *key = &close->advice[i].key;
		struct advice v = close->advice[i].value;
		const struct advice_row *before;
		struct record_advice *a;
		int err;

		before = open->nr_advice ? bsearch(key, open->advice, open->nr_advice,
						   sizeof(*open->advice), compare_advice_keys)
					 : NULL;
		if (before) {
			v.calls -= before->value.calls;
			v.bytes -= before->value.bytes;
			v.released -= before->value.released;
		}
		if (!v.calls)
			continue;
		a = record__add_advice(r);
		if (!a)
			return -ENOMEM;
		a->call = call__name(key->syscall);
		a->behavior = behavior__name(key->syscall, key->behavior);
		a->pid = key->tgid;
		a->calls = (int64_t)v.calls;
		a->failed = key->error ? (int64_t)v.calls : 0;
		a->error = errno__name(key->error);
		a->bytes = (int64_t)v.bytes;
		a->released_pages = (int64_t)v.released;
		err = chains__resolve(s, key->tgid, key->ip, key->stack, true, &a->frames,
				      &a->chain_end);
		if (err)
			return err;
		r->totals.advice_calls += a->calls;
		r->totals.advice_bytes += a->bytes;
	}
	return 0;
}

static int add_room(struct record *r, enum record_table table)
{
	struct record_room *room = record__add_room(r);

	if (!room)
		return -ENOMEM;
	room->table = table;
	room->pages = RECORD_UNKNOWN;
	return 0;
}

static int fill_lost(const struct session *s, const struct counters *close, struct record *r)
{
	static const char *const names[NR_LOST] = {
		[LOST_SITES] = "events_without_a_call_site_entry",
		[LOST_TASKS] = "events_without_a_thread_entry",
		[LOST_BACKINGS] = "backings_without_an_entry",
		[LOST_ADVICE] = "advice_without_an_entry",
	};
	static const enum record_table tables[NR_LOST] = {[LOST_SITES] = TABLE_CALLSITES,
							  [LOST_TASKS] = TABLE_THREADS,
							  [LOST_BACKINGS] = TABLE_BACKINGS,
							  [LOST_ADVICE] = TABLE_ADVICE};
	int64_t missed = 0;
	int err = 0;

	r->lost.events = 0;
	for (int i = 0; i < NR_LOST && !err; i++) {
		int64_t n =
			(int64_t)(room__lost(s, close, i) - room__lost(s, &s->open.counters, i));

		err = record__add_lost(r, names[i], n);
		if (!err && n > 0)
			err = add_room(r, tables[i]);
	}
	/* What turns out to be none is taken off a moment after the kernel has counted it. */
	if (close->missed > s->open.counters.missed)
		missed = (int64_t)(close->missed - s->open.counters.missed);
	if (!err)
		err = record__add_lost(r, "program_runs_missed", missed);
	if (!err)
		err = record__count_chain_losses(r);
	record__judge_losses(r);
	return err;
}

char *copy_string(const char *s)
{
	return s ? strdup(s) : NULL;
}

/* What a program states of itself is read when it is asked for: not while a migration begins. */
static int take_version(const struct session *s, struct record_target *t)
{
	const struct vmm *vmm = vmm__of(t);
	char *text = vmm && vmm->version
			     ? resolver__exe_text(s->resolver, (pid_t)t->pid, t->exe, vmm->version)
			     : NULL;
	int err = text ? vmm__take_version(t, text) : 0;

	free(text);
	return err;
}

static int64_t known(int64_t figure)
{
	return figure < 0 ? RECORD_UNKNOWN : figure;
}

static int64_t resident(const struct figures *f)
{
	return f->anon - f->swapped + f->file + f->shmem;
}

/* What is resident at both edges. Where the books were closed by the kernel, in a process that may
 * be gone by now, it is the kernel's figure of that moment. */
static void fill_resident(const struct snapshot *close, size_t i, struct record_target *to)
{
	const struct process *p = counters__find_process(&close->counters, to->pid);
	const struct figures *open = p ? &p->edges[EDGE_OPEN] : NULL;
	const struct figures *end = p && p->exited ? &p->edges[EDGE_CLOSE] : NULL;

	to->rss_pages_before = open && open->known ? resident(open) : RECORD_UNKNOWN;
	to->rss_pages_after = end && end->known ? resident(end) : known(close->figures[i].rss);
}

static int fill_targets(const struct session *s, const struct snapshot *close, struct record *r)
{
	for (size_t i = 0; i < s->nr_targets; i++) {
		struct record_target *to = record__add_target(r);
		int err = to ? record_target__copy(to, &s->described[i]) : -ENOMEM;

		if (!err)
			err = take_version(s, to);
		if (err)
			return err;
		fill_resident(close, i, to);
	}
	return 0;
}

/* The cost of the tracer's own programs. A thread that ends while the counters are read is in them
 * twice or not at all: if the sums have fallen since the opening, the cost is not known. */
static void fill_overhead(const struct counters *open, const struct counters *close,
			  struct record *r)
{
	u64 ns = close->sampled_ns - open->sampled_ns;

	r->overhead.events = close->events > open->events ? (int64_t)(close->events - open->events)
							  : 0;
	r->overhead.bpf_ns = RECORD_UNKNOWN;
	r->overhead.ns_per_event = NAN;
	if (r->overhead.events < SAMPLES_MIN * EVENTS_PER_SAMPLE ||
	    close->sampled_ns < open->sampled_ns)
		return;
	r->overhead.bpf_ns = (int64_t)(ns * EVENTS_PER_SAMPLE);
	r->overhead.ns_per_event = (double)r->overhead.bpf_ns / (double)r->overhead.events;
	if (r->end_ns > r->start_ns)
		r->overhead.share_of_window = (double)r->overhead.bpf_ns /
					      (double)(r->end_ns - r->start_ns);
}

static int fill_head(const struct session *s, const struct snapshot *close, struct record *r)
{
	struct utsname host;

	uname(&host);
	r->started_at = clock__rfc3339(s->open.counters.taken_ns + clock__wall_after_boot_ns());
	r->host_name = strdup(host.nodename);
	r->host_boot_id = copy_string(proc__boot_id());
	r->tool_version = strdup(MIGPOP_VERSION);
	r->host_kernel = strdup(host.release);
	r->host_arch = strdup(host.machine);
	r->host_lockdown = copy_string(proc__lockdown());
	r->host_page_size = (uint32_t)sysconf(_SC_PAGESIZE);
	r->mode = mode__name(tracer__mode(s->tracer));
	r->stack = stack__name(s->stack);
	r->start_ns = s->open.counters.taken_ns;
	r->end_ns = close->counters.taken_ns;
	if (s->windowed && s->window.opened_by == SIGNAL_UNDER_WAY) {
		r->late_ns = r->late_pages = RECORD_UNKNOWN;
	} else if (s->windowed) {
		r->late_ns = (int64_t)s->window.late_ns;
		r->late_pages = s->window.late_pages;
	}
	r->totals.faults = r->totals.faults_user = r->totals.faults_kernel = 0;
	r->totals.populated_pages = r->totals.zero_populated_pages = 0;
	r->totals.released_pages = r->totals.advice_calls = r->totals.advice_bytes = 0;
	r->totals.mapped_pages = RECORD_UNKNOWN;
	fill_overhead(&s->open.counters, &close->counters, r);
	return fill_targets(s, close, r);
}

int content__fill(const struct session *s, const struct snapshot *close, struct site_row *rows,
		  size_t n, struct record *r)
{
	int err = fill_head(s, close, r);

	if (!err)
		err = add_callsites(s, &close->counters, rows, n, r);
	if (!err)
		err = add_backings(s, &close->counters, rows, n, r);
	if (!err)
		err = add_advice(s, &close->counters, r);
	if (!err)
		err = fill_lost(s, &close->counters, r);
	return err;
}
