// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rows of the books, and by how much each may be off.
 */
#include "books/account.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "books/books_internal.h"

/* Pages by which a backing grew, by what was traced; if "key" is NULL, the private memory of
 * process "tgid". If the books were closed before the process ended, its end released nothing in
 * them. */
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

/* At each edge it is not known by which pages the kernel's figure moved between its two readings,
 * nor what happened to the page of each thread that was in the midst of an allocation. At the
 * opening those are the threads that ran; at the closing, the pages that were pending. */
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

/* Pages by which a file grew, as the kernel says. The figures at the edges of a window that one
 * process has for itself are of the files that it owns; of other files the snapshots have some. */
static int64_t file_growth(const struct counters *before, const struct facts *facts,
			   const struct backing_row *row)
{
	const struct backing *b = &row->value;
	const struct backing_row *open;
	u64 now = b->exited ? b->exit_pages : b->pages_now, then = b->open_pages;

	if (facts->windowed && b->owner != facts->targets[0].pid) {
		open = counters__find_backing(before, &row->key);
		now = b->pages_now;
		then = open ? open->value.pages_now : then;
	}
	return (int64_t)(now - then);
}

static int64_t file_uncertainty(const struct snapshot *after, size_t i)
{
	const struct counters *c = &after->counters;
	const struct backing *b = &c->backings[i].value;
	int64_t pages = moved(b->open_before, b->open_pages) + threads_at_opening(c) +
			pages_in_flight(c);

	if (b->exited)
		return pages + moved(b->exit_before, b->exit_pages);
	return pages + (after->pages_again ? moved(b->pages_now, after->pages_again[i]) : 0);
}

static int add_files(const struct snapshot *before, const struct snapshot *after,
		     const struct site_row *rows, size_t n, const struct facts *facts,
		     struct record *r)
{
	for (size_t i = 0; i < after->counters.nr_backings; i++) {
		const struct backing_row *row = &after->counters.backings[i];
		const struct backing *b = &row->value;
		struct record_accounting *a;
		int64_t kernel;

		if (row->key.tgid || row->key.kind == KIND_NONE)
			continue;
		kernel = file_growth(&before->counters, facts, row);
		if (!kernel && !is_touched(rows, n, &row->key))
			continue;
		a = record__add_accounting(r);
		if (!a)
			return -ENOMEM;
		a->kind = kind__name(row->key.kind);
		a->name = backing_key__name(&row->key, row);
		if (!a->name)
			return -ENOMEM;
		a->inode = row->key.id;
		a->traced_pages = traced_growth(rows, n, &row->key, 0, 0, b->exited) -
				  (b->exited ? (int64_t)b->exit_released : 0);
		if (row->key.kind == KIND_FILE && !facts->counts_files)
			a->traced_pages = RECORD_UNKNOWN;
		a->kernel_pages = kernel;
		a->uncertainty_pages = file_uncertainty(after, i);
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

/* The kernel's figures at the end of the window. */
static struct figures figures_at_end(const struct facts_target *t, const struct figures *now,
				     const struct process *p)
{
	static const struct figures unknown;

	if (p->exited && p->edges[EDGE_CLOSE].known)
		return p->edges[EDGE_CLOSE];
	return p->exited && !t->stands_at_end ? unknown : *now;
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* True for the calls that unmap private memory: the same as in bpf/let_go.bpf.h. */
static bool syscall__unmaps(s32 nr)
{
	return nr == SYS_munmap || nr == SYS_madvise || nr == SYS_mremap || nr == SYS_brk ||
	       nr == SYS_mmap || nr == SYS_execve || nr == SYS_execveat;
}

/*
 * At most how many pages the process had unmapped at an edge that were not free yet: the kernel's
 * figure has fallen, but they are released later, or by another process. Pages that are released
 * outside of the calls that unmap have waited, perhaps since before the opening. A part of a huge
 * page is freed when the kernel splits the page. Children hold the pages that were there when the
 * process forked: those that it has copied since, or unmapped, stay theirs.
 */
static int64_t pages_let_go(const struct process *p, const struct site_row *rows, size_t n, u32 pid,
			    int64_t waiting)
{
	int64_t elsewhere = 0, shared = (int64_t)p->shared;

	for (size_t i = 0; i < n; i++) {
		const struct site_key *key = &rows[i].key;

		if (key->backing.tgid == pid && key->backing.kind != KIND_HUGETLB &&
		    key->syscall != SYSCALL_EXIT && !syscall__unmaps(key->syscall))
			elsewhere += (int64_t)rows[i].value.released;
	}
	return smaller((int64_t)p->let_go + elsewhere, waiting + shared + (int64_t)p->let_go_huge) +
	       smaller((int64_t)p->copied, shared);
}

static int64_t process_uncertainty(const struct process *p, const struct facts_target *t,
				   const struct facts *facts)
{
	const struct figures *f = p->edges;
	int64_t pages = (int64_t)p->settled + f[EDGE_OPEN].running + 2 * facts->slack +
			absolute(f[EDGE_OPEN].anon - f[EDGE_OPEN_BEFORE].anon);

	if (p->exited)
		return pages + absolute(f[EDGE_CLOSE].anon - f[EDGE_CLOSE_BEFORE].anon);
	return pages + (t->stands_at_end ? 0 : facts->slack_now);
}

/* When the window opened, faults may have been clearing huge pages, which were allocated before the
 * opening and mapped after it. If the kernel's figure grew by more than can be explained otherwise,
 * assume such pages: at most one for each thread that ran. */
static int64_t huge_pages_in_flight(int64_t beyond, const struct process *p,
				    const struct facts *facts)
{
	int64_t n = (beyond + facts->pages_of_fault - 1) / facts->pages_of_fault;

	if (beyond <= 0 || facts->pages_of_fault == 1 || n > p->edges[EDGE_OPEN].running)
		return 0;
	return n * facts->pages_of_fault;
}

static int add_process(const struct snapshot *after, size_t i, const struct site_row *rows,
		       size_t n, const struct facts *facts, struct record *r)
{
	static const struct process none;
	const struct facts_target *t = &facts->targets[i];
	const struct process *found = counters__find_process(&after->counters, t->pid);
	const struct process *p = found ? found : &none;
	const struct figures end = figures_at_end(t, &after->figures[i].figures, p),
			     *open = &p->edges[EDGE_OPEN];
	bool known = end.known && open->known;
	int64_t traced = traced_growth(rows, n, NULL, t->pid, KIND_ANON, p->exited);
	int64_t kernel = known ? end.anon - open->anon : RECORD_UNKNOWN;
	int64_t uncertain = process_uncertainty(p, t, facts) +
			    pages_let_go(p, rows, n, t->pid, facts->waiting);
	int err;

	if (known)
		uncertain += huge_pages_in_flight(kernel - traced - uncertain, p, facts);
	err = add_process_row(r, kind__name(KIND_ANON), "anonymous memory", t->pid, traced, kernel,
			      uncertain);
	traced = traced_growth(rows, n, NULL, t->pid, KIND_HUGETLB, p->exited);
	if (!err && traced)
		err = add_process_row(r, kind__name(KIND_HUGETLB), "private huge pages", t->pid,
				      traced, known ? end.hugetlb - open->hugetlb : RECORD_UNKNOWN,
				      0);
	if (err)
		return err;
	known = known && end.page_tables >= 0 && open->page_tables >= 0;
	kernel = known ? (end.page_tables - open->page_tables) / facts->page_size : RECORD_UNKNOWN;
	return add_process_row(r, record_kind__name(RECORD_KIND_PAGE_TABLES), "page tables", t->pid,
			       RECORD_UNKNOWN, kernel, 0);
}

/*
 * Sets how many pages became resident in the targets that are in no row of the books: they were
 * there already, in the page cache of ordinary files, or in memory that was populated before. The
 * kernel's counters hold a little back on each CPU: less than that counts as nothing.
 */
static void fill_mapped(const struct facts *facts, struct record *r)
{
	int64_t grown = 0, uncertainty = 2 * facts->slack;

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
		uncertainty += a->uncertainty_pages;
	}
	r->totals.mapped_pages = grown > uncertainty ? grown : 0;
}

int account__fill(const struct snapshot *before, const struct snapshot *after,
		  const struct site_row *rows, size_t n, const struct facts *facts,
		  struct record *r)
{
	int err = add_files(before, after, rows, n, facts, r);

	for (size_t i = 0; !err && i < facts->nr_targets; i++)
		err = add_process(after, i, rows, n, facts, r);
	if (!err)
		fill_mapped(facts, r);
	return err;
}
