// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From two snapshots to a record: call sites, advice, and the books.
 */
#include <errno.h>
#include <linux/falloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "collect/books.h"
#include "qemu/ram_block.h"
#include "symbol/resolve.h"
#include "symbol/syscall.h"

static int compare_backing_keys(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct backing_key));
}

static const struct backing_row *find_backing(const struct counters *c,
					      const struct backing_key *key)
{
	return c->nr_backings ? bsearch(key, c->backings, c->nr_backings, sizeof(*c->backings),
					compare_backing_keys)
			      : NULL;
}

void books__pages_again(const struct counters *c, const struct counters *again, u64 *pages)
{
	for (size_t i = 0; i < c->nr_backings; i++) {
		const struct backing_row *row = find_backing(again, &c->backings[i].key);

		pages[i] = row ? row->value.pages_now : c->backings[i].value.pages_now;
	}
}

static int compare_site_keys(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct site_key));
}

static int compare_advice_keys(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct advice_key));
}

/* Rows of "close" less what they were at the opening. */
static struct site_row *sites_of_window(const struct session *s, const struct counters *close)
{
	const struct counters *open = &s->open.counters;
	struct site_row *rows = calloc(close->nr_sites + 1, sizeof(*rows));

	for (size_t i = 0; rows && i < close->nr_sites; i++) {
		const struct site_row *before;

		rows[i] = close->sites[i];
		before = open->nr_sites ? bsearch(&rows[i].key, open->sites, open->nr_sites,
						  sizeof(*open->sites), compare_site_keys)
					: NULL;
		if (!before)
			continue;
		rows[i].value.faults -= before->value.faults;
		rows[i].value.populated -= before->value.populated;
		rows[i].value.zero_populated -= before->value.zero_populated;
		rows[i].value.released -= before->value.released;
		rows[i].value.fault_ns -= before->value.fault_ns;
	}
	return rows;
}

static const char *kind_name(u32 kind)
{
	static const char *const names[] = {
		[KIND_SHMEM] = "shmem",
		[KIND_ANON] = "anon",
		[KIND_HUGETLB] = "hugetlb",
		[KIND_PRIVATE_FILE] = "anon", /* copies on write, named after the file */
	};

	return kind < sizeof(names) / sizeof(*names) && names[kind] ? names[kind] : "other";
}

static bool is_shared(const struct backing_key *key)
{
	return !key->tgid && (key->kind == KIND_SHMEM || key->kind == KIND_HUGETLB);
}

static char *backing_name(const struct backing_key *key, const struct backing_row *row)
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
	const struct backing_row *row = find_backing(c, key);

	out->name = backing_name(key, row);
	out->kind = kind_name(key->kind);
	out->inode = key->tgid && key->kind != KIND_PRIVATE_FILE ? 0 : key->id;
	out->shared = is_shared(key);
	out->length_pages = RECORD_UNKNOWN;
	for (size_t i = 0; row && i < s->nr_targets; i++) {
		struct ram_block block;

		if (key->tgid && key->tgid != (u32)s->targets[i].pid)
			continue;
		if (ram_block__find(&s->described[i], c, row, &block)) {
			out->ram_block = strdup(block.id);
			out->length_pages = block.length_pages;
			return;
		}
	}
}

static void add_counts(struct record_backing *to, const struct site *from)
{
	to->populated_pages += (int64_t)from->populated;
	to->zero_populated_pages += (int64_t)from->zero_populated;
	to->released_pages += (int64_t)from->released;
}

/* Frames of a site: its chain where there is one, else the user PC. */
static int fill_frames(const struct session *s, u32 tgid, u64 ip, s32 stack, bool in_syscall,
		       struct record_frames *frames)
{
	u64 chain[127] = {ip};
	int n = ip ? 1 : 0;

	if (stack >= 0) {
		int got = tracer__stack(s->tracer, stack, chain, sizeof(chain) / sizeof(*chain));

		if (got > 0)
			n = got;
		else
			chain[0] = ip;
	}
	if (!n)
		return 0;
	frames->v = calloc((size_t)n, sizeof(*frames->v));
	if (!frames->v)
		return -ENOMEM;
	frames->n = (size_t)n;
	for (int i = 0; i < n; i++) {
		int err = resolver__resolve(s->resolver, (pid_t)tgid, chain[i], in_syscall || i,
					    &frames->v[i]);

		if (err)
			return err;
	}
	return 0;
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
	return order ? order : compare_site_keys(a, b);
}

static bool same_callsite(const struct site_row *a, const struct site_row *b)
{
	struct site_key x = a->key, y = b->key;

	memset(&x.backing, 0, sizeof(x.backing));
	memset(&y.backing, 0, sizeof(y.backing));
	return !memcmp(&x, &y, sizeof(x));
}

static int start_callsite(const struct session *s, const struct site_key *key,
			  struct record_callsite *site)
{
	site->category = "other";
	site->access = (enum record_access)key->access;
	site->context = (enum record_context)key->context;
	site->syscall = key->syscall == SYSCALL_NONE ? NULL : syscall__name(key->syscall);
	site->pid = key->tgid;
	site->faults = site->populated_pages = site->zero_populated_pages = 0;
	site->released_pages = 0;
	site->fault_ns = tracer__mode(s->tracer) == MODE_TRACEPOINT ? RECORD_UNKNOWN : 0;
	return fill_frames(s, key->tgid, key->ip, key->stack, key->syscall != SYSCALL_NONE,
			   &site->frames);
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
		int err;

		if (!(v->faults | v->populated | v->released))
			continue;
		if (!last || !same_callsite(last, &rows[i])) {
			site = record__add_callsite(r);
			if (!site)
				return -ENOMEM;
			err = start_callsite(s, &rows[i].key, site);
			if (err)
				return err;
		}
		last = &rows[i];
		site->faults += (int64_t)v->faults;
		site->populated_pages += (int64_t)v->populated;
		site->zero_populated_pages += (int64_t)v->zero_populated;
		site->released_pages += (int64_t)v->released;
		if (site->fault_ns != RECORD_UNKNOWN)
			site->fault_ns += (int64_t)v->fault_ns;
		r->totals.faults += (int64_t)v->faults;
		if (rows[i].key.context == CONTEXT_USER)
			r->totals.faults_user += (int64_t)v->faults;
		else
			r->totals.faults_kernel += (int64_t)v->faults;
		r->totals.populated_pages += (int64_t)v->populated;
		r->totals.zero_populated_pages += (int64_t)v->zero_populated;
		r->totals.released_pages += (int64_t)v->released;
		if (rows[i].key.backing.kind == KIND_NONE)
			continue;
		backing = record_callsite__add_backing(site);
		if (!backing)
			return -ENOMEM;
		backing->populated_pages = backing->zero_populated_pages = 0;
		backing->released_pages = 0;
		describe_backing(s, c, &rows[i].key.backing, backing);
		add_counts(backing, v);
	}
	return 0;
}

/* Sums by backing: rows sorted by backing first. */
static int compare_by_backing(const void *a, const void *b)
{
	return compare_backing_keys(&((const struct site_row *)a)->key.backing,
				    &((const struct site_row *)b)->key.backing);
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
		if (!last || compare_backing_keys(last, key)) {
			backing = record__add_backing(r);
			if (!backing)
				return -ENOMEM;
			backing->populated_pages = backing->zero_populated_pages = 0;
			backing->released_pages = 0;
			describe_backing(s, c, key, backing);
		}
		last = key;
		add_counts(backing, &rows[i].value);
	}
	return 0;
}

/* What the traced side says a backing, or (key NULL) the private memory of "tgid", grew by. Pages
 * that went with the process itself are left out where the books were closed before. */
static int64_t traced_growth(const struct site_row *rows, size_t n, const struct backing_key *key,
			     u32 tgid, u32 kind, bool closed_at_exit)
{
	int64_t grown = 0;

	for (size_t i = 0; i < n; i++) {
		const struct backing_key *k = &rows[i].key.backing;
		bool private = k->tgid == tgid &&
			       (k->kind == kind ||
				(kind == KIND_ANON && k->kind == KIND_PRIVATE_FILE));

		if (key ? compare_backing_keys(k, key) : !private)
			continue;
		grown += (int64_t)rows[i].value.populated;
		if (!(closed_at_exit && rows[i].key.syscall == SYSCALL_EXIT))
			grown -= (int64_t)rows[i].value.released;
	}
	return grown;
}

static void set_residual(struct record_accounting *a)
{
	a->residual_pages = a->traced_pages == RECORD_UNKNOWN || a->kernel_pages == RECORD_UNKNOWN
				    ? RECORD_UNKNOWN
				    : a->kernel_pages - a->traced_pages;
}

static int64_t absolute(int64_t n)
{
	return n < 0 ? -n : n;
}

/* What is not known of a file's books: what moved between its first reading and its watching, and
 * while the counters of the opening were read. */
static int64_t opening_uncertainty(const struct session *s, const struct backing_row *open)
{
	const struct counters *c = &s->open.counters;
	size_t i = (size_t)(open - c->backings);
	int64_t grown = (int64_t)(open->value.pages_now - open->value.open_pages);
	int64_t traced = traced_growth(c->sites, c->nr_sites, &open->key, 0, 0, false);

	return absolute(grown - traced) +
	       absolute((int64_t)(s->open.pages_again[i] - open->value.pages_now));
}

static bool is_touched(const struct site_row *rows, size_t n, const struct backing_key *key)
{
	for (size_t i = 0; i < n; i++)
		if (!compare_backing_keys(&rows[i].key.backing, key) &&
		    rows[i].value.populated | rows[i].value.released)
			return true;
	return false;
}

static int add_file_books(const struct session *s, const struct counters *close,
			  const struct site_row *rows, size_t n, struct record *r)
{
	for (size_t i = 0; i < close->nr_backings; i++) {
		const struct backing_row *row = &close->backings[i];
		const struct backing *b = &row->value;
		const struct backing_row *open = find_backing(&s->open.counters, &row->key);
		struct record_accounting *a;
		int64_t traced, kernel;

		if (row->key.tgid || row->key.kind == KIND_NONE)
			continue;
		traced = traced_growth(rows, n, &row->key, 0, 0, b->exited) -
			 (b->exited ? (int64_t)b->exit_released : 0);
		kernel = (int64_t)((b->exited ? b->exit_pages : b->pages_now) -
				   (open ? open->value.pages_now : b->open_pages));
		if (!kernel && !is_touched(rows, n, &row->key))
			continue;
		a = record__add_accounting(r);
		if (!a)
			return -ENOMEM;
		a->kind = kind_name(row->key.kind);
		a->name = backing_name(&row->key, row);
		a->inode = row->key.id;
		a->traced_pages = traced;
		a->kernel_pages = kernel;
		a->uncertainty_pages = open ? opening_uncertainty(s, open) : 0;
		set_residual(a);
	}
	return 0;
}

static const struct process *find_process(const struct counters *c, u32 tgid)
{
	for (size_t i = 0; i < c->nr_processes; i++)
		if (c->processes[i].tgid == tgid)
			return &c->processes[i].value;
	return NULL;
}

static int add_process_row(struct record *r, const char *kind, const char *name, u32 pid,
			   int64_t traced, int64_t kernel, int64_t uncertainty)
{
	struct record_accounting *a = record__add_accounting(r);

	if (!a)
		return -ENOMEM;
	a->kind = kind;
	a->name = strdup(name);
	a->pid = pid;
	a->traced_pages = traced;
	a->kernel_pages = kernel;
	a->uncertainty_pages = uncertainty;
	set_residual(a);
	return a->name ? 0 : -ENOMEM;
}

static int add_process_books(const struct session *s, size_t i, const struct snapshot *close,
			     const struct site_row *rows, size_t n, struct record *r)
{
	const struct target *t = &s->targets[i];
	const struct process *p = find_process(&close->counters, (u32)t->pid);
	const struct proc_figures *before = &s->open.figures[i];
	struct proc_figures now = close->figures[i];
	int64_t uncertainty = s->open.figures_moved[i] + close->figures_moved[i], traced, kernel;
	bool exited = p && p->exited;
	int err;

	if (exited && !t->at_exit_known) {
		int64_t cpus = sysconf(_SC_NPROCESSORS_CONF), batch = cpus * 2 > 32 ? cpus * 2 : 32;

		/* Less than none, with what the CPUs hold back: that is not "unknown". */
		now.anon = p->exit_anon > 0 ? p->exit_anon : 0;
		now.page_tables = p->exit_page_tables / 1024;
		now.hugetlb = p->exit_hugetlb;
		/* lib/percpu_counter.c: each CPU may hold back less than a batch, of two members.
		 */
		uncertainty += 2 * cpus * batch;
	}
	traced = traced_growth(rows, n, NULL, (u32)t->pid, KIND_ANON, exited);
	kernel = now.anon < 0 || before->anon < 0 ? RECORD_UNKNOWN : now.anon - before->anon;
	err = add_process_row(r, "anon", "anonymous memory", (u32)t->pid, traced, kernel,
			      uncertainty);
	if (err)
		return err;
	traced = traced_growth(rows, n, NULL, (u32)t->pid, KIND_HUGETLB, exited);
	if (traced) {
		kernel = now.hugetlb < 0 || before->hugetlb < 0 ? RECORD_UNKNOWN
								: now.hugetlb - before->hugetlb;
		err = add_process_row(r, "hugetlb", "private huge pages", (u32)t->pid, traced,
				      kernel, 0);
		if (err)
			return err;
	}
	kernel = now.page_tables < 0 || before->page_tables < 0
			 ? RECORD_UNKNOWN
			 : (now.page_tables - before->page_tables) * 1024 / sysconf(_SC_PAGESIZE);
	return add_process_row(r, "page-tables", "page tables", (u32)t->pid, RECORD_UNKNOWN, kernel,
			       0);
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
		a->call = syscall__static_name(key->syscall);
		a->behavior = syscall__behavior(key->syscall, key->behavior);
		a->pid = key->tgid;
		a->calls = (int64_t)v.calls;
		a->failed = key->error ? (int64_t)v.calls : 0;
		a->error = key->error ? strerrorname_np(key->error) : NULL;
		a->bytes = (int64_t)v.bytes;
		a->released_pages = (int64_t)v.released;
		err = fill_frames(s, key->tgid, key->ip, key->stack, true, &a->frames);
		if (err)
			return err;
		r->totals.advice_calls += a->calls;
		r->totals.advice_bytes += a->bytes;
	}
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
	int err = 0;

	r->lost.events = r->lost.stacks = r->lost.truncated_stacks = 0;
	for (int i = 0; i < NR_LOST && !err; i++) {
		int64_t n = (int64_t)(close->lost[i] - s->open.counters.lost[i]);

		if (i == LOST_STACKS)
			r->lost.stacks = n;
		else
			err = record__add_lost(r, names[i], n);
	}
	if (err)
		return err;
	return record__add_lost(r, "program_runs_missed",
				(int64_t)(close->missed - s->open.counters.missed));
}

static char *copy_string(const char *s)
{
	return s ? strdup(s) : NULL;
}

static int fill_targets(const struct session *s, struct record *r)
{
	for (size_t i = 0; i < s->nr_targets; i++) {
		const struct record_target *from = &s->described[i];
		struct record_target *to = record__add_target(r);

		if (!to)
			return -ENOMEM;
		to->pid = from->pid;
		to->comm = copy_string(from->comm);
		to->exe = copy_string(from->exe);
		to->build_id = copy_string(from->build_id);
		to->guest = copy_string(from->guest);
		to->cmdline = calloc(from->nr_cmdline + 1, sizeof(*to->cmdline));
		if (!to->cmdline)
			return -ENOMEM;
		for (; to->nr_cmdline < from->nr_cmdline; to->nr_cmdline++)
			to->cmdline[to->nr_cmdline] = copy_string(from->cmdline[to->nr_cmdline]);
	}
	return 0;
}

static int fill_head(const struct session *s, const struct snapshot *close, const char *closed_by,
		     struct record *r)
{
	struct utsname host;

	uname(&host);
	r->tool_version = strdup(MIGPOP_VERSION);
	r->host_kernel = strdup(host.release);
	r->host_arch = strdup(host.machine);
	r->host_lockdown = copy_string(proc__lockdown());
	r->host_page_size = (uint32_t)sysconf(_SC_PAGESIZE);
	r->mode = mode__name(tracer__mode(s->tracer));
	r->stack = stack__name(s->stack);
	r->opened_by = copy_string(s->opened_by);
	r->closed_by = copy_string(closed_by);
	r->start_ns = s->open.counters.taken_ns;
	r->end_ns = close->counters.taken_ns;
	r->totals.faults = r->totals.faults_user = r->totals.faults_kernel = 0;
	r->totals.populated_pages = r->totals.zero_populated_pages = 0;
	r->totals.released_pages = r->totals.advice_calls = r->totals.advice_bytes = 0;
	r->totals.mapped_pages = RECORD_UNKNOWN;
	r->overhead.events = (int64_t)(close->counters.events - s->open.counters.events);
	r->overhead.bpf_ns = RECORD_UNKNOWN;
	r->overhead.ns_per_event = NAN;
	if (r->overhead.events >= EVENTS_PER_SAMPLE) {
		u64 ns = close->counters.sampled_ns - s->open.counters.sampled_ns;

		r->overhead.bpf_ns = (int64_t)(ns * EVENTS_PER_SAMPLE);
		r->overhead.ns_per_event = (double)r->overhead.bpf_ns / (double)r->overhead.events;
	}
	return fill_targets(s, r);
}

int books__make_record(const struct session *s, const struct snapshot *close, const char *closed_by,
		       struct record **out)
{
	struct record *r = record__new();
	struct site_row *rows = sites_of_window(s, &close->counters);
	size_t n = close->counters.nr_sites;
	int err = -ENOMEM;

	if (!r || !rows)
		goto out;
	err = fill_head(s, close, closed_by, r);
	if (!err)
		err = add_callsites(s, &close->counters, rows, n, r);
	if (!err)
		err = add_backings(s, &close->counters, rows, n, r);
	if (!err)
		err = add_file_books(s, &close->counters, rows, n, r);
	for (size_t i = 0; !err && i < s->nr_targets; i++)
		err = add_process_books(s, i, close, rows, n, r);
	if (!err)
		err = add_advice(s, &close->counters, r);
	if (!err)
		err = fill_lost(s, &close->counters, r);
	for (size_t i = 0; !err && i < s->nr_ticks; i++) {
		struct record_tick *tick = record__add_tick(r);

		if (tick)
			*tick = s->ticks[i];
		else
			err = -ENOMEM;
	}
	if (!err)
		record__sort(r);
out:
	free(rows);
	if (err)
		record__free(r);
	else
		*out = r;
	return err;
}

void books__tick(const struct session *s, const struct snapshot *now, struct record_tick *tick)
{
	const struct counters *open = &s->open.counters;

	memset(tick, 0, sizeof(*tick));
	tick->t_ns = now->counters.taken_ns - open->taken_ns;
	for (size_t i = 0; i < now->counters.nr_sites; i++) {
		tick->faults += (int64_t)now->counters.sites[i].value.faults;
		tick->populated_pages += (int64_t)now->counters.sites[i].value.populated;
		tick->released_pages += (int64_t)now->counters.sites[i].value.released;
	}
	for (size_t i = 0; i < open->nr_sites; i++) {
		tick->faults -= (int64_t)open->sites[i].value.faults;
		tick->populated_pages -= (int64_t)open->sites[i].value.populated;
		tick->released_pages -= (int64_t)open->sites[i].value.released;
	}
	for (size_t i = 0; i < s->nr_targets; i++)
		if (now->figures[i].rss > 0)
			tick->rss_pages += now->figures[i].rss;
}
