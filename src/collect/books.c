// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From two snapshots to a record, and its books: what was traced, a file or a process each, beside
 * what the kernel's own figures changed by.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/books.h"
#include "collect/books_internal.h"
#include "collect/chains.h"

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

		if (key ? backing_key__compare(k, key) : !private)
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

static bool is_touched(const struct site_row *rows, size_t n, const struct backing_key *key)
{
	for (size_t i = 0; i < n; i++)
		if (!backing_key__compare(&rows[i].key.backing, key) &&
		    rows[i].value.populated | rows[i].value.released)
			return true;
	return false;
}

const struct process *counters__find_process(const struct counters *c, u32 tgid)
{
	for (size_t i = 0; i < c->nr_processes; i++)
		if (c->processes[i].tgid == tgid)
			return &c->processes[i].value;
	return NULL;
}

/* What is not known of an edge: what the kernel's figure moved by between its two readings, and a
 * page for each thread that was in the midst of an allocation. At the opening those are the threads
 * that ran; at the closing, the pages that were pending. */
static int64_t threads_at_opening(const struct counters *close)
{
	int64_t running = 0;

	for (size_t i = 0; i < close->nr_processes; i++)
		running += close->processes[i].value.edges[EDGE_OPEN].running;
	return running;
}

static int64_t pages_in_flight(const struct counters *close)
{
	int64_t settled = 0;

	for (size_t i = 0; i < close->nr_processes; i++)
		settled += (int64_t)close->processes[i].value.settled;
	return settled;
}

static int64_t moved(u64 before, u64 after)
{
	return absolute((int64_t)(after - before));
}

/* What the kernel says that a file grew by. That of a process which has a window of its own and
 * does not own it was not read at that window's edges. */
static int64_t file_growth(const struct session *s, const struct backing_row *row)
{
	const struct backing *b = &row->value;
	const struct backing_row *open;
	u64 now = b->exited ? b->exit_pages : b->pages_now, then = b->open_pages;

	if (s->windowed && b->owner != (u32)s->targets[0].pid) {
		open = counters__find_backing(&s->open.counters, &row->key);
		now = b->pages_now;
		then = open ? open->value.pages_now : then;
	}
	return (int64_t)(now - then);
}

static int add_file_books(const struct session *s, const struct snapshot *snap,
			  const struct site_row *rows, size_t n, struct record *r)
{
	const struct counters *close = &snap->counters;
	int64_t in_flight = threads_at_opening(close) + pages_in_flight(close);

	for (size_t i = 0; i < close->nr_backings; i++) {
		const struct backing_row *row = &close->backings[i];
		const struct backing *b = &row->value;
		struct record_accounting *a;
		int64_t traced, kernel;

		if (row->key.tgid || row->key.kind == KIND_NONE)
			continue;
		traced = traced_growth(rows, n, &row->key, 0, 0, b->exited) -
			 (b->exited ? (int64_t)b->exit_released : 0);
		if (row->key.kind == KIND_FILE && !tracer__counts_files(s->tracer))
			traced = RECORD_UNKNOWN;
		kernel = file_growth(s, row);
		if (!kernel && !is_touched(rows, n, &row->key))
			continue;
		a = record__add_accounting(r);
		if (!a)
			return -ENOMEM;
		a->kind = kind__name(row->key.kind);
		a->name = backing_key__name(&row->key, row);
		a->inode = row->key.id;
		a->traced_pages = traced;
		a->kernel_pages = kernel;
		a->uncertainty_pages = moved(b->open_before, b->open_pages) + in_flight +
				       (b->exited ? moved(b->exit_before, b->exit_pages)
					: snap->pages_again
						? moved(b->pages_now, snap->pages_again[i])
						: 0);
		set_residual(a);
	}
	return 0;
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

/* By /proc: of a target that lives, or as it stood at its end. */
static void set_figures(struct figures *f, const struct proc_figures *from)
{
	*f = (struct figures){
		.anon = from->anon,
		.hugetlb = from->hugetlb,
		.page_tables = from->page_tables * 1024,
		.known = from->anon >= 0,
	};
}

/* The figures that the books of a target end with. */
static struct figures figures_at_end(const struct target *t, const struct process *p,
				     const struct proc_figures *now)
{
	struct figures f = {.known = 0};

	if (p && p->exited)
		f = p->edges[EDGE_CLOSE];
	if (!f.known && (t->at_exit_known || !(p && p->exited)))
		set_figures(&f, now);
	return f;
}

static int add_process_books(const struct session *s, size_t i, const struct snapshot *close,
			     const struct site_row *rows, size_t n, struct record *r)
{
	static const struct process none;
	const struct target *t = &s->targets[i];
	const struct process *found = counters__find_process(&close->counters, (u32)t->pid);
	const struct process *p = found ? found : &none;
	struct figures end = figures_at_end(t, found, &close->figures[i]);
	const struct figures *open = p->edges;
	int64_t slack = tracer__knows_cpus(s->tracer) ? 0 : proc__counter_slack();
	int64_t uncertainty = (int64_t)p->settled + open[EDGE_OPEN].running + 2 * slack +
			      absolute(open[EDGE_OPEN].anon - open[EDGE_OPEN_BEFORE].anon);
	bool known = end.known && open[EDGE_OPEN].known;
	int64_t traced, kernel;
	int err;

	if (p->exited)
		uncertainty += absolute(open[EDGE_CLOSE].anon - open[EDGE_CLOSE_BEFORE].anon);
	else if (!t->at_exit_known)
		uncertainty += proc__counter_slack();
	traced = traced_growth(rows, n, NULL, (u32)t->pid, KIND_ANON, p->exited);
	kernel = known ? end.anon - open[EDGE_OPEN].anon : RECORD_UNKNOWN;
	err = add_process_row(r, "anon", "anonymous memory", (u32)t->pid, traced, kernel,
			      uncertainty);
	if (err)
		return err;
	traced = traced_growth(rows, n, NULL, (u32)t->pid, KIND_HUGETLB, p->exited);
	if (traced) {
		kernel = known ? end.hugetlb - open[EDGE_OPEN].hugetlb : RECORD_UNKNOWN;
		err = add_process_row(r, "hugetlb", "private huge pages", (u32)t->pid, traced,
				      kernel, 0);
		if (err)
			return err;
	}
	known = known && end.page_tables >= 0 && open[EDGE_OPEN].page_tables >= 0;
	kernel = known ? (end.page_tables - open[EDGE_OPEN].page_tables) / sysconf(_SC_PAGESIZE)
		       : RECORD_UNKNOWN;
	return add_process_row(r, "page-tables", "page tables", (u32)t->pid, RECORD_UNKNOWN, kernel,
			       0);
}

/*
 * What the targets have grown by, beside the rows of the books: pages that became resident and that
 * no row has were there already, in the page cache of files that are no memory of theirs, or in
 * memory that was populated before. Counters of the kernel hold a little back on each CPU: less
 * than that is nothing.
 */
static void fill_mapped(struct record *r)
{
	int64_t grown = 0, slack = proc__counter_slack();

	for (size_t i = 0; i < r->nr_target; i++) {
		const struct record_target *t = &r->target[i];

		if (t->rss_pages_before == RECORD_UNKNOWN || t->rss_pages_after == RECORD_UNKNOWN)
			return;
		grown += t->rss_pages_after - t->rss_pages_before;
	}
	for (size_t i = 0; i < r->nr_accounting; i++) {
		const struct record_accounting *a = &r->accounting[i];
		bool resident = !strcmp(a->kind, record_kind__name(RECORD_KIND_ANON)) ||
				!strcmp(a->kind, record_kind__name(RECORD_KIND_SHMEM)) ||
				!strcmp(a->kind, record_kind__name(RECORD_KIND_FILE));

		if (!resident)
			continue;
		if (a->kernel_pages == RECORD_UNKNOWN)
			return;
		grown -= a->kernel_pages;
		slack += a->uncertainty_pages;
	}
	r->totals.mapped_pages = grown > slack ? grown : 0;
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
						  sizeof(*open->sites), site_key__compare)
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

int books__make_record(const struct session *s, const struct snapshot *close, enum window_reason by,
		       const char *text, struct record **out)
{
	struct record *r = record__new();
	struct site_row *rows = sites_of_window(s, &close->counters);
	size_t n = close->counters.nr_sites;
	int err = -ENOMEM;

	if (!r || !rows)
		goto out;
	n = chains__merge(s, rows, n);
	r->opened_by = s->opened_by;
	r->closed_by = by;
	r->opened_by_text = copy_string(window_reason__text(s->opened_by));
	r->closed_by_text = copy_string(text ? text : window_reason__text(by));
	others__remember(s, rows, n);
	err = content__fill(s, close, rows, n, r);
	if (!err)
		err = threads__fill(s, &close->counters, r);
	if (!err)
		err = add_file_books(s, close, rows, n, r);
	for (size_t i = 0; !err && i < s->nr_targets; i++)
		err = add_process_books(s, i, close, rows, n, r);
	if (!err)
		fill_mapped(r);
	for (size_t i = 0; !err && i < s->nr_ticks; i++) {
		struct record_tick *tick = record__add_tick(r);

		if (tick)
			*tick = s->ticks[i];
		else
			err = -ENOMEM;
	}
	if (!err)
		err = phases__put(&s->phases, r);
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

void books__pages_again(const struct counters *c, const struct counters *again, u64 *pages)
{
	for (size_t i = 0; i < c->nr_backings; i++) {
		const struct backing_row *row = counters__find_backing(again, &c->backings[i].key);

		pages[i] = row ? row->value.pages_now : c->backings[i].value.pages_now;
	}
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
