// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a record says happened: call sites, backings, advice, losses of events. It must not hold
 * that against the kernel's figures, which account.c does.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "books/books_internal.h"
#include "books/zeros.h"

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
static int describe_backing(const struct counters *c, const struct backing_key *key,
			    struct record_backing *out)
{
	const struct backing_row *row = counters__find_backing(c, key);

	out->name = backing_key__name(key, row);
	out->kind = kind__name(key->kind);
	out->inode = key->tgid && key->kind != KIND_PRIVATE_FILE ? 0 : key->id;
	out->shared = is_shared(key);
	out->length_pages = RECORD_UNKNOWN;
	out->numa_node = RECORD_UNKNOWN;
	out->place = (struct record_place){
		.pid = key->tgid,
		.dev = key->dev,
		.inode = key->dev ? key->id : 0,
		.start = row ? row->value.start : 0,
	};
	return out->name ? 0 : -ENOMEM;
}

/* True if some of the pages are holes, and it is not known which: a file system does not always
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

/* Adds to a sum. If one of its parts is not known, neither is the sum. */
static void add_zero(int64_t *sum, int64_t pages)
{
	*sum = *sum == RECORD_UNKNOWN || pages == RECORD_UNKNOWN ? RECORD_UNKNOWN : *sum + pages;
}

static int64_t zero_pages(const struct counters *c, const struct site_row *row)
{
	return may_be_holes(c, row) ? RECORD_UNKNOWN : (int64_t)row->value.zero_populated;
}

static void add_to_backing(struct record_backing *to, const struct counters *c,
			   const struct site_row *row)
{
	const struct site *from = &row->value;

	to->populated_pages += (int64_t)from->populated;
	add_zero(&to->zero_populated_pages, zero_pages(c, row));
	to->released_pages += (int64_t)from->released;
}

static void add_to_callsite(struct record_callsite *to, const struct counters *c,
			    const struct site_row *row)
{
	const struct site *from = &row->value;

	to->faults += (int64_t)from->faults;
	to->populated_pages += (int64_t)from->populated;
	add_zero(&to->zero_populated_pages, zero_pages(c, row));
	to->released_pages += (int64_t)from->released;
	if (to->fault_ns != RECORD_UNKNOWN)
		to->fault_ns += (int64_t)from->fault_ns;
}

static void add_to_totals(struct record *r, const struct counters *c, const struct site_row *row)
{
	const struct site *from = &row->value;

	r->totals.faults += (int64_t)from->faults;
	if (row->key.context == CONTEXT_USER)
		r->totals.faults_user += (int64_t)from->faults;
	else
		r->totals.faults_kernel += (int64_t)from->faults;
	r->totals.populated_pages += (int64_t)from->populated;
	add_zero(&r->totals.zero_populated_pages, zero_pages(c, row));
	r->totals.released_pages += (int64_t)from->released;
}

/* A call site of the record is all rows that differ in the backing alone. */
static struct site_key without_backing(const struct site_key *key)
{
	struct site_key k = *key;

	memset(&k.backing, 0, sizeof(k.backing));
	return k;
}

/* The order in which the rows of one call site stand together. */
static int compare_callsites(const void *a, const void *b)
{
	struct site_key x = without_backing(&((const struct site_row *)a)->key),
			y = without_backing(&((const struct site_row *)b)->key);
	int order = site_key__compare(&x, &y);

	return order ? order : site_key__compare(a, b);
}

static bool same_callsite(const struct site_row *a, const struct site_row *b)
{
	struct site_key x = without_backing(&a->key), y = without_backing(&b->key);

	return !site_key__compare(&x, &y);
}

/* The name of a process that is not a target. If it is gone, a thread of it may have left its name.
 */
static int name_other(const struct books *b, u32 pid, char **out)
{
	const struct counters *c = &b->after->counters;
	const char *name = facts__thread_name(b->facts, pid);

	for (size_t i = 0; !name && i < c->nr_threads; i++) {
		const char *left = c->threads[i].value.comm;

		if (c->threads[i].key.tgid != pid || !*left)
			continue;
		*out = strndup(left, sizeof(c->threads[i].value.comm));
		return *out ? 0 : -ENOMEM;
	}
	return copy_string(out, name);
}

static int start_callsite(const struct books *b, const struct site_key *key,
			  struct record_callsite *site)
{
	bool in_syscall = key->syscall != SYSCALL_NONE;

	site->category = strdup("other");
	site->access = (enum record_access)key->access;
	site->context = (enum record_context)key->context;
	site->syscall = in_syscall ? syscall__name(key->syscall) : NULL;
	site->pid = key->tgid;
	site->faults = site->populated_pages = site->zero_populated_pages = 0;
	site->released_pages = 0;
	site->fault_ns = b->facts->mode == MODE_TRACEPOINT ? RECORD_UNKNOWN : 0;
	if (!site->category || (in_syscall && !site->syscall))
		return -ENOMEM;
	if (!facts__is_target(b->facts, key->tgid) && name_other(b, key->tgid, &site->comm))
		return -ENOMEM;
	return chains__add_frames(b->facts, key->stack, key->ip, in_syscall, &site->frames,
				  &site->chain_end);
}

static int add_backing_of_site(const struct books *b, const struct site_row *row,
			       struct record_callsite *site)
{
	struct record_backing *backing = record_callsite__add_backing(site);
	struct zeros zeros;

	if (!backing)
		return -ENOMEM;
	backing->populated_pages = backing->zero_populated_pages = 0;
	backing->released_pages = 0;
	if (describe_backing(&b->after->counters, &row->key.backing, backing))
		return -ENOMEM;
	add_to_backing(backing, &b->after->counters, row);
	zeros = zeros__of(b, &row->key.backing);
	backing->zero_written_pages = zeros__of_site(&zeros, &row->value);
	site->zero_written_pages = record_count__sum(site->zero_written_pages,
						     backing->zero_written_pages);
	return 0;
}

static int add_callsites(const struct books *b, struct record *r)
{
	const struct counters *c = &b->after->counters;
	struct record_callsite *site = NULL;
	const struct site_row *last = NULL;

	qsort(b->rows, b->nr_rows, sizeof(*b->rows), compare_callsites);
	for (size_t i = 0; i < b->nr_rows; i++) {
		const struct site_row *row = &b->rows[i];
		int err = 0;

		if (!site__counts(&row->value))
			continue;
		if (!last || !same_callsite(last, row)) {
			site = record__add_callsite(r);
			err = site ? start_callsite(b, &row->key, site) : -ENOMEM;
		}
		last = row;
		if (err)
			return err;
		add_to_callsite(site, c, row);
		add_to_totals(r, c, row);
		if (row->key.backing.kind != KIND_NONE)
			err = add_backing_of_site(b, row, site);
		if (err)
			return err;
	}
	return 0;
}

/* The order in which the rows of one backing stand together. */
static int compare_by_backing(const void *a, const void *b)
{
	return backing_key__compare(&((const struct site_row *)a)->key.backing,
				    &((const struct site_row *)b)->key.backing);
}

static int start_backing(const struct books *b, const struct backing_key *key, struct record *r,
			 struct record_backing **out)
{
	struct record_backing *backing = *out = record__add_backing(r);
	struct zeros zeros = zeros__of(b, key);

	if (!backing)
		return -ENOMEM;
	backing->populated_pages = backing->zero_populated_pages = 0;
	backing->released_pages = 0;
	if (describe_backing(&b->after->counters, key, backing))
		return -ENOMEM;
	backing->looked_pages = zeros.looked_pages;
	backing->zero_written_pages = zeros.written_zeros;
	r->totals.zero_written_pages = record_count__sum(r->totals.zero_written_pages,
							 zeros.written_zeros);
	return 0;
}

static int add_backings(const struct books *b, struct record *r)
{
	struct record_backing *backing = NULL;
	const struct backing_key *last = NULL;

	qsort(b->rows, b->nr_rows, sizeof(*b->rows), compare_by_backing);
	for (size_t i = 0; i < b->nr_rows; i++) {
		const struct backing_key *key = &b->rows[i].key.backing;
		int err = 0;

		if (key->kind == KIND_NONE ||
		    !(b->rows[i].value.populated | b->rows[i].value.released))
			continue;
		if (!last || backing_key__compare(last, key))
			err = start_backing(b, key, r, &backing);
		if (err)
			return err;
		last = key;
		add_to_backing(backing, &b->after->counters, &b->rows[i]);
	}
	return 0;
}

static int add_advice_row(const struct facts *f, const struct advice_key *key,
			  const struct advice *counted, struct record *r)
{
	struct record_advice *a = record__add_advice(r);

	if (!a)
		return -ENOMEM;
	a->call = call__name(key->syscall);
	a->behavior = behavior__name(key->syscall, key->behavior);
	a->pid = key->tgid;
	a->calls = (int64_t)counted->calls;
	a->failed = key->error ? (int64_t)counted->calls : 0;
	a->error = errno__name(key->error);
	a->bytes = (int64_t)counted->bytes;
	a->released_pages = (int64_t)counted->released;
	r->totals.advice_calls += a->calls;
	r->totals.advice_bytes += a->bytes;
	return chains__add_frames(f, key->stack, key->ip, true, &a->frames, &a->chain_end);
}

static int add_advice(const struct books *b, struct record *r)
{
	const struct counters *after = &b->after->counters;

	for (size_t i = 0; i < after->nr_advice; i++) {
		struct advice counted = advice_row__since(&after->advice[i], &b->before->counters);
		int err = counted.calls
				  ? add_advice_row(b->facts, &after->advice[i].key, &counted, r)
				  : 0;

		if (err)
			return err;
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

static int fill_lost(const struct books *b, struct record *r)
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
	const struct counters *before = &b->before->counters, *after = &b->after->counters;
	bool windowed = b->facts->windowed;
	int64_t missed = 0;
	int err = 0;

	r->lost.events = 0;
	for (int i = 0; i < NR_LOST && !err; i++) {
		int64_t n = (int64_t)(counters__lost(after, i, windowed) -
				      counters__lost(before, i, windowed));

		err = record__add_lost(r, names[i], n);
		if (!err && n > 0)
			err = add_room(r, tables[i]);
	}
	/* A run that turns out not to be missed is taken off a moment after the kernel has counted
	 * it, so that the sum may fall. */
	if (after->missed > before->missed)
		missed = (int64_t)(after->missed - before->missed);
	return err ? err : record__add_lost(r, "program_runs_missed", missed);
}

int rows__fill(const struct books *b, struct record *r)
{
	int err = add_callsites(b, r);

	if (!err)
		err = add_backings(b, r);
	if (!err)
		err = add_advice(b, r);
	return err ? err : fill_lost(b, r);
}
