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

/* What is not known of a file's books: what moved between its first reading and its watching, and
 * while the counters of the opening were read. */
static int64_t opening_uncertainty(const struct session *s, const struct backing_row *open)
{
	const struct counters *c = &s->open.counters;
	size_t i = (size_t)(open - c->backings);
	int64_t grown = (int64_t)(open->value.pages_now - open->value.open_pages);
	int64_t traced = traced_growth(c->sites, c->nr_sites, &open->key, 0, 0, false);

	/* The kernel read it at the very opening; what was traced is of windows before. */
	if (s->windowed && s->window.opened_by != SIGNAL_UNDER_WAY)
		return 0;

	return absolute(grown - traced) +
	       absolute((int64_t)(s->open.pages_again[i] - open->value.pages_now));
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

/* Pages that threads had allocated, but not yet put in their place, when the window closed. */
static int64_t pages_in_flight(const struct session *s, const struct counters *close)
{
	const struct process *p = counters__find_process(close, (u32)s->targets[0].pid);

	return s->windowed && p ? (int64_t)p->settled : 0;
}

static int add_file_books(const struct session *s, const struct snapshot *snap,
			  const struct site_row *rows, size_t n, struct record *r)
{
	const struct counters *close = &snap->counters;
	int64_t in_flight = pages_in_flight(s, close);

	for (size_t i = 0; i < close->nr_backings; i++) {
		const struct backing_row *row = &close->backings[i];
		const struct backing *b = &row->value;
		const struct backing_row *open = counters__find_backing(&s->open.counters,
									&row->key);
		struct record_accounting *a;
		int64_t traced, kernel;

		if (row->key.tgid || row->key.kind == KIND_NONE)
			continue;
		traced = traced_growth(rows, n, &row->key, 0, 0, b->exited) -
			 (b->exited ? (int64_t)b->exit_released : 0);
		if (row->key.kind == KIND_FILE && !tracer__counts_files(s->tracer))
			traced = RECORD_UNKNOWN;
		kernel = (int64_t)((b->exited ? b->exit_pages : b->pages_now) -
				   (open ? open->value.pages_now : b->open_pages));
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
		a->uncertainty_pages = (open ? opening_uncertainty(s, open) : 0) + in_flight +
				       (snap->files_moved ? snap->files_moved[i] : 0);
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

static int add_process_books(const struct session *s, size_t i, const struct snapshot *close,
			     const struct site_row *rows, size_t n, struct record *r)
{
	const struct target *t = &s->targets[i];
	const struct process *p = counters__find_process(&close->counters, (u32)t->pid);
	const struct proc_figures *before = &s->open.figures[i];
	struct proc_figures now = close->figures[i];
	int64_t uncertainty = s->open.figures_moved[i] + close->figures_moved[i] +
			      pages_in_flight(s, &close->counters);
	int64_t traced, kernel;
	bool exited = p && p->exited;
	int err;

	if (exited && !t->at_exit_known) {
		/* Less than none, with what the CPUs hold back: that is not "unknown". */
		now.anon = p->exit_anon > 0 ? p->exit_anon : 0;
		now.page_tables = page_tables__kb(p->exit_page_tables);
		now.hugetlb = p->exit_hugetlb;
		uncertainty += proc__counter_slack();
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

void books__begin_at(struct counters *open, const struct counters *before)
{
	for (size_t i = 0; i < open->nr_backings; i++) {
		struct backing_row *row = &open->backings[i];
		const struct backing_row *then = counters__find_backing(before, &row->key);
		int64_t counted = traced_growth(before->sites, before->nr_sites, &row->key, 0, 0,
						false);

		if (then)
			row->value.open_pages = then->value.pages_now - (u64)counted;
	}
}

int64_t *books__moved(const struct counters *before, const struct counters *now)
{
	int64_t *moved = calloc(now->nr_backings + 1, sizeof(*moved));

	for (size_t i = 0; moved && i < now->nr_backings; i++) {
		const struct backing_row *row = &now->backings[i];
		const struct backing_row *then = counters__find_backing(before, &row->key);
		u64 pages = then ? then->value.pages_now : row->value.open_pages;

		moved[i] = absolute(
			(int64_t)(row->value.pages_now - pages) -
			traced_growth(now->sites, now->nr_sites, &row->key, 0, 0, false) +
			traced_growth(before->sites, before->nr_sites, &row->key, 0, 0, false));
	}
	return moved;
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
