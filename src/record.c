/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a record: making, growing, sorting and freeing it. It must not know where the figures
 * come from, nor how they are shown.
 */
#include "record.h"
#include "array.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum record_books record_accounting__books(const struct record_accounting *a)
{
	int64_t may = a->uncertainty_pages > 0 ? a->uncertainty_pages : 0;

	if (a->residual_pages == RECORD_UNKNOWN)
		return RECORD_BOOKS_UNKNOWN;
	return a->residual_pages <= may && a->residual_pages >= -may ? RECORD_BOOKS_BALANCE
								     : RECORD_BOOKS_DO_NOT;
}

int64_t record_count__of(int64_t n)
{
	return n < 0 ? RECORD_UNKNOWN : n;
}

int64_t record_count__sum(int64_t a, int64_t b)
{
	int64_t sum;

	if (a == RECORD_UNKNOWN)
		return b;
	if (b == RECORD_UNKNOWN)
		return a;
	if (__builtin_add_overflow(a, b, &sum))
		return a > 0 ? INT64_MAX : -INT64_MAX;
	return sum == RECORD_UNKNOWN ? -INT64_MAX : sum;
}

struct record *record__new(void)
{
	struct record *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->totals.faults = RECORD_UNKNOWN;
	r->totals.faults_user = RECORD_UNKNOWN;
	r->totals.faults_kernel = RECORD_UNKNOWN;
	r->totals.populated_pages = RECORD_UNKNOWN;
	r->totals.zero_populated_pages = RECORD_UNKNOWN;
	r->totals.zero_written_pages = RECORD_UNKNOWN;
	r->totals.mapped_pages = RECORD_UNKNOWN;
	r->totals.released_pages = RECORD_UNKNOWN;
	r->totals.advice_calls = RECORD_UNKNOWN;
	r->totals.advice_bytes = RECORD_UNKNOWN;
	r->lost.events = RECORD_UNKNOWN;
	r->lost.stacks = RECORD_UNKNOWN;
	r->lost.truncated_stacks = RECORD_UNKNOWN;
	r->lost.chainless_pages = RECORD_UNKNOWN;
	r->overhead.events = RECORD_UNKNOWN;
	r->overhead.bpf_ns = RECORD_UNKNOWN;
	r->overhead.ns_per_event = NAN;
	r->overhead.share_of_window = NAN;
	r->migration.total_ms = RECORD_UNKNOWN;
	r->migration.downtime_ms = RECORD_UNKNOWN;
	r->migration.setup_ms = RECORD_UNKNOWN;
	r->migration.transferred_bytes = RECORD_UNKNOWN;
	r->migration.rounds = RECORD_UNKNOWN;
	return r;
}

void record_frames__clear(struct record_frames *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].module);
		free(f->v[i].build_id);
		free(f->v[i].symbol);
		free(f->v[i].function);
		free(f->v[i].file);
	}
	free(f->v);
}

static void record_backing__clear(struct record_backing *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(v[i].name);
		free(v[i].ram_block);
	}
	free(v);
}

static void record_count__clear(struct record_count *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i].name);
	free(v);
}

void record_target__init(struct record_target *t)
{
	*t = (struct record_target){
		.uid = RECORD_UNKNOWN,
		.ram_bytes = RECORD_UNKNOWN,
		.rss_pages_before = RECORD_UNKNOWN,
		.rss_pages_after = RECORD_UNKNOWN,
	};
}

void record_target__clear(struct record_target *t)
{
	for (size_t i = 0; i < t->nr_cmdline; i++)
		free(t->cmdline[i]);
	free(t->cmdline);
	free(t->comm);
	free(t->exe);
	free(t->build_id);
	free(t->guest);
	free(t->uuid);
	free(t->cgroup);
	free(t->pod_uid);
	free(t->container_id);
	free(t->vmm_name);
	free(t->vmm_version);
	free(t->vmm_package);
	record_target__init(t);
}

/* Replaces *s by a copy of it. Without memory *s becomes NULL, and the result is false. */
static bool own(char **s)
{
	*s = strdup(*s);
	return *s;
}

int record_target__copy(struct record_target *to, const struct record_target *from)
{
	char **strings[] = {&to->comm,     &to->exe,         &to->build_id,   &to->guest,
			    &to->uuid,     &to->cgroup,      &to->pod_uid,    &to->container_id,
			    &to->vmm_name, &to->vmm_version, &to->vmm_package};
	bool ok = true;

	*to = *from;
	/* After a failure go on: every string must become a copy or NULL, or two records would own
	 * it. */
	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++)
		if (*strings[i])
			ok = own(strings[i]) && ok;
	to->nr_cmdline = 0;
	to->cmdline = calloc(from->nr_cmdline + 1, sizeof(*to->cmdline));
	if (!to->cmdline)
		return -ENOMEM;
	for (; ok && to->nr_cmdline < from->nr_cmdline; to->nr_cmdline++) {
		to->cmdline[to->nr_cmdline] = from->cmdline[to->nr_cmdline];
		if (to->cmdline[to->nr_cmdline])
			ok = own(&to->cmdline[to->nr_cmdline]);
	}
	return ok ? 0 : -ENOMEM;
}

void record__free(struct record *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->nr_target; i++)
		record_target__clear(&r->target[i]);
	free(r->target);
	for (size_t i = 0; i < r->nr_accounting; i++)
		free(r->accounting[i].name);
	free(r->accounting);
	for (size_t i = 0; i < r->nr_callsites; i++) {
		free(r->callsites[i].category);
		free(r->callsites[i].syscall);
		free(r->callsites[i].comm);
		record_backing__clear(r->callsites[i].backing, r->callsites[i].nr_backing);
		record_frames__clear(&r->callsites[i].frames);
	}
	free(r->callsites);
	for (size_t i = 0; i < r->nr_advice; i++)
		record_frames__clear(&r->advice[i].frames);
	free(r->advice);
	record_backing__clear(r->backing, r->nr_backing);
	record_count__clear(r->lost.unwind_errors, r->lost.nr_unwind_errors);
	record_count__clear(r->lost.kinds, r->lost.nr_kinds);
	for (size_t i = 0; i < r->lost.nr_room; i++)
		free(r->lost.room[i].module);
	free(r->lost.room);
	for (size_t i = 0; i < r->nr_threads; i++)
		free(r->threads[i].comm);
	free(r->threads);
	free(r->timeline);
	free(r->phases);
	free(r->tool_version);
	free(r->started_at);
	free(r->host_name);
	free(r->host_boot_id);
	free(r->host_kernel);
	free(r->host_arch);
	free(r->host_lockdown);
	free(r->opened_by_text);
	free(r->closed_by_text);
	free(r);
}

struct record_callsite *record__add_callsite(struct record *r)
{
	void *p = array__grow(r->callsites, r->nr_callsites, sizeof(*r->callsites));

	if (!p)
		return NULL;
	r->callsites = p;
	r->callsites[r->nr_callsites].zero_written_pages = RECORD_UNKNOWN;
	return &r->callsites[r->nr_callsites++];
}

struct record_accounting *record__add_accounting(struct record *r)
{
	void *p = array__grow(r->accounting, r->nr_accounting, sizeof(*r->accounting));

	if (!p)
		return NULL;
	r->accounting = p;
	return &r->accounting[r->nr_accounting++];
}

struct record_advice *record__add_advice(struct record *r)
{
	void *p = array__grow(r->advice, r->nr_advice, sizeof(*r->advice));

	if (!p)
		return NULL;
	r->advice = p;
	return &r->advice[r->nr_advice++];
}

/* The content of a backing is unknown until somebody looks at it. */
static struct record_backing *backing__init(struct record_backing *b)
{
	b->looked_pages = b->zero_written_pages = b->numa_node = RECORD_UNKNOWN;
	return b;
}

struct record_backing *record__add_backing(struct record *r)
{
	void *p = array__grow(r->backing, r->nr_backing, sizeof(*r->backing));

	if (!p)
		return NULL;
	r->backing = p;
	return backing__init(&r->backing[r->nr_backing++]);
}

struct record_backing *record_callsite__add_backing(struct record_callsite *c)
{
	void *p = array__grow(c->backing, c->nr_backing, sizeof(*c->backing));

	if (!p)
		return NULL;
	c->backing = p;
	return backing__init(&c->backing[c->nr_backing++]);
}

struct record_frame *record_frames__add(struct record_frames *f)
{
	void *p = array__grow(f->v, f->n, sizeof(*f->v));

	if (!p)
		return NULL;
	f->v = p;
	return &f->v[f->n++];
}

struct record_thread *record__add_thread(struct record *r)
{
	void *p = array__grow(r->threads, r->nr_threads, sizeof(*r->threads));

	if (!p)
		return NULL;
	r->threads = p;
	return &r->threads[r->nr_threads++];
}

struct record_tick *record__add_tick(struct record *r)
{
	void *p = array__grow(r->timeline, r->nr_timeline, sizeof(*r->timeline));

	if (!p)
		return NULL;
	r->timeline = p;
	return &r->timeline[r->nr_timeline++];
}

struct record_phase *record__add_phase(struct record *r)
{
	void *p = array__grow(r->phases, r->nr_phases, sizeof(*r->phases));

	if (!p)
		return NULL;
	r->phases = p;
	return &r->phases[r->nr_phases++];
}

struct record_target *record__add_target(struct record *r)
{
	void *p = array__grow(r->target, r->nr_target, sizeof(*r->target));

	if (!p)
		return NULL;
	r->target = p;
	record_target__init(&r->target[r->nr_target]);
	return &r->target[r->nr_target++];
}

struct record_room *record__add_room(struct record *r)
{
	void *p = array__grow(r->lost.room, r->lost.nr_room, sizeof(*r->lost.room));

	if (!p)
		return NULL;
	r->lost.room = p;
	return &r->lost.room[r->lost.nr_room++];
}

static int record_count__add(struct record_count **v, size_t *nr, const char *name, int64_t n)
{
	struct record_count *p;
	char *copy;

	for (size_t i = 0; i < *nr; i++) {
		if (strcmp((*v)[i].name, name) == 0) {
			(*v)[i].n = record_count__sum((*v)[i].n, n);
			return 0;
		}
	}
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	p = array__grow(*v, *nr, sizeof(*p));
	if (!p) {
		free(copy);
		return -ENOMEM;
	}
	*v = p;
	p[*nr].name = copy;
	p[*nr].n = n;
	(*nr)++;
	return 0;
}

int record__add_lost(struct record *r, const char *kind, int64_t n)
{
	int err = record_count__add(&r->lost.kinds, &r->lost.nr_kinds, kind, n);

	if (!err)
		r->lost.events = record_count__sum(r->lost.events, n);
	return err;
}

int record__add_unwind_error(struct record *r, const char *kind, int64_t n)
{
	return record_count__add(&r->lost.unwind_errors, &r->lost.nr_unwind_errors, kind, n);
}

/* Sorts the larger number first, and RECORD_UNKNOWN last. */
static int compare__larger_first(int64_t a, int64_t b)
{
	return (a < b) - (a > b);
}

static int compare__smaller_first(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare__string(const char *a, const char *b)
{
	if (!a || !b)
		return (a == NULL) - (b == NULL);
	return strcmp(a, b);
}

static int record_frames__compare(const struct record_frames *a, const struct record_frames *b)
{
	int cmp;

	for (size_t i = 0; i < a->n && i < b->n; i++) {
		cmp = compare__string(a->v[i].module, b->v[i].module);
		if (!cmp)
			cmp = compare__smaller_first(a->v[i].offset, b->v[i].offset);
		if (cmp)
			return cmp;
	}
	return compare__smaller_first(a->n, b->n);
}

/* The members after the counts only make the order the same in every run: qsort() is not stable. */
static int record_callsite__compare(const void *x, const void *y)
{
	const struct record_callsite *a = x, *b = y;
	int cmp = compare__larger_first(a->populated_pages, b->populated_pages);

	if (!cmp)
		cmp = compare__larger_first(a->faults, b->faults);
	if (!cmp)
		cmp = compare__larger_first(a->released_pages, b->released_pages);
	if (!cmp)
		cmp = compare__string(a->category, b->category);
	if (!cmp)
		cmp = compare__smaller_first(a->pid, b->pid);
	if (!cmp)
		cmp = compare__smaller_first(a->access, b->access);
	if (!cmp)
		cmp = compare__smaller_first(a->context, b->context);
	if (!cmp)
		cmp = compare__string(a->syscall, b->syscall);
	return cmp ? cmp : record_frames__compare(&a->frames, &b->frames);
}

static int record_backing__compare(const void *x, const void *y)
{
	const struct record_backing *a = x, *b = y;
	int cmp = (a->ram_block == NULL) - (b->ram_block == NULL);

	if (!cmp)
		cmp = compare__larger_first(a->populated_pages, b->populated_pages);
	if (!cmp)
		cmp = compare__string(a->ram_block, b->ram_block);
	if (!cmp)
		cmp = compare__string(a->name, b->name);
	return cmp ? cmp : compare__smaller_first(a->inode, b->inode);
}

static int record_advice__compare(const void *x, const void *y)
{
	const struct record_advice *a = x, *b = y;
	int cmp = compare__larger_first(a->released_pages, b->released_pages);

	if (!cmp)
		cmp = compare__larger_first(a->bytes, b->bytes);
	if (!cmp)
		cmp = compare__larger_first(a->calls, b->calls);
	if (!cmp)
		cmp = compare__string(a->call, b->call);
	if (!cmp)
		cmp = compare__string(a->behavior, b->behavior);
	if (!cmp)
		cmp = compare__smaller_first(a->pid, b->pid);
	return cmp ? cmp : record_frames__compare(&a->frames, &b->frames);
}

static int record_thread__compare(const void *x, const void *y)
{
	const struct record_thread *a = x, *b = y;

	if (a->populated_pages != b->populated_pages)
		return a->populated_pages < b->populated_pages ? 1 : -1;
	return (a->tid > b->tid) - (a->tid < b->tid);
}

void record__sort(struct record *r)
{
	if (r->nr_threads)
		qsort(r->threads, r->nr_threads, sizeof(*r->threads), record_thread__compare);
	if (r->nr_callsites)
		qsort(r->callsites, r->nr_callsites, sizeof(*r->callsites),
		      record_callsite__compare);
	for (size_t i = 0; i < r->nr_callsites; i++)
		if (r->callsites[i].nr_backing)
			qsort(r->callsites[i].backing, r->callsites[i].nr_backing,
			      sizeof(*r->callsites[i].backing), record_backing__compare);
	if (r->nr_backing)
		qsort(r->backing, r->nr_backing, sizeof(*r->backing), record_backing__compare);
	if (r->nr_advice)
		qsort(r->advice, r->nr_advice, sizeof(*r->advice), record_advice__compare);
}
