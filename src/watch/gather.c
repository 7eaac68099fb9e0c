// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Facts are gathered for what has counted in the window only: reading the names of all threads, or
 * all call chains, would take longer than the rest of a record.
 */
#include "watch/gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array.h"
#include "clock.h"
#include "proc/figures.h"
#include "proc/process.h"
#include "proc/system.h"

/* --- call chains --- */

static int compare_numbers(const void *a, const void *b)
{
	s32 x = *(const s32 *)a, y = *(const s32 *)b;

	return (x > y) - (x < y);
}

/* The numbers of the chains that the window's call sites and advice have, in their order and each
 * once; to be freed. */
static s32 *chain_numbers(const struct counters *open, const struct counters *close, size_t *n)
{
	s32 *numbers = calloc(close->nr_sites + close->nr_advice + 1, sizeof(*numbers));
	size_t all = 0;

	*n = 0;
	if (!numbers)
		return NULL;
	for (size_t i = 0; i < close->nr_sites; i++) {
		struct site counted = site_row__since(&close->sites[i], open);

		if (close->sites[i].key.stack >= 0 && site__counts(&counted))
			numbers[all++] = close->sites[i].key.stack;
	}
	for (size_t i = 0; i < close->nr_advice; i++)
		if (close->advice[i].key.stack >= 0 &&
		    advice_row__since(&close->advice[i], open).calls)
			numbers[all++] = close->advice[i].key.stack;
	qsort(numbers, all, sizeof(*numbers), compare_numbers);
	for (size_t i = 0; i < all; i++)
		if (!i || numbers[i] != numbers[i - 1])
			numbers[(*n)++] = numbers[i];
	return numbers;
}

static int gather_chains(struct gathered *g, const struct session *s, const struct counters *close)
{
	size_t n;
	s32 *numbers = chain_numbers(&s->open.counters, close, &n);

	g->chains = numbers ? calloc(n + 1, sizeof(*g->chains)) : NULL;
	if (!g->chains) {
		free(numbers);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		struct chain_row *row = &g->chains[g->facts.nr_chains];

		row->number = numbers[i];
		if (!tracer__chain(s->tracer, numbers[i], &row->chain))
			g->facts.nr_chains++;
	}
	free(numbers);
	g->facts.chains = g->chains;
	return 0;
}

/* --- names --- */

static int add_name(struct gathered *g, u32 tid)
{
	struct thread_name *more;
	size_t n = g->facts.nr_names;

	if (n && g->names[n - 1].tid == tid)
		return 0;
	more = array__grow(g->names, n, sizeof(*more));
	if (!more)
		return -ENOMEM;
	g->names = more;
	more[n] = (struct thread_name){.tid = tid, .comm = proc__comm((pid_t)tid)};
	g->facts.nr_names++;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct thread_name *x = a, *y = b;

	return (x->tid > y->tid) - (x->tid < y->tid);
}

/* Reads the names of threads that live, and of processes that are no targets. A process may be
 * named twice then, by the same name. */
static int gather_names(struct gathered *g, const struct session *s, const struct counters *close)
{
	const struct counters *open = &s->open.counters;
	int err = 0;

	for (size_t i = 0; !err && i < close->nr_sites; i++) {
		struct site counted = site_row__since(&close->sites[i], open);
		u32 pid = close->sites[i].key.tgid;

		if (site__counts(&counted) && !facts__is_target(&g->facts, pid))
			err = add_name(g, pid);
	}
	for (size_t i = 0; !err && i < close->nr_threads; i++) {
		struct site counted = thread_row__since(&close->threads[i], open);

		if (site__counts(&counted) && !*close->threads[i].value.comm)
			err = add_name(g, close->threads[i].key.tid);
	}
	if (g->names)
		qsort(g->names, g->facts.nr_names, sizeof(*g->names), compare_names);
	g->facts.names = g->names;
	return err;
}

/* --- all --- */

static int gather_targets(struct gathered *g, const struct session *s)
{
	g->targets = calloc(s->nr_targets + 1, sizeof(*g->targets));
	if (!g->targets)
		return -ENOMEM;
	for (size_t i = 0; i < s->nr_targets; i++)
		g->targets[i] = (struct facts_target){
			.pid = (u32)s->targets[i].pid,
			.stands_at_end = s->targets[i].at_exit_known,
			.described = &s->targets[i].described,
			.looks = s->targets[i].looks,
			.nr_looks = s->targets[i].nr_looks,
		};
	g->facts.targets = g->targets;
	g->facts.nr_targets = s->nr_targets;
	return 0;
}

static void gather_host(struct gathered *g, const struct session *s)
{
	struct facts *f = &g->facts;

	uname(&g->host);
	g->started_at = clock__rfc3339(s->open.counters.taken_ns + clock__wall_after_boot_ns());
	f->started_at = g->started_at;
	f->tool_version = MIGPOP_VERSION;
	f->host_name = g->host.nodename;
	f->host_kernel = g->host.release;
	f->host_arch = g->host.machine;
	f->host_boot_id = proc__boot_id();
	f->host_lockdown = proc__lockdown();
	f->page_size = sysconf(_SC_PAGESIZE);
	f->slack = tracer__knows_cpus(s->tracer) ? 0 : proc__counter_slack();
	f->slack_now = proc__counter_slack();
	f->pages_of_fault = proc__pages_of_fault();
	f->waiting = proc__pages_waiting();
}

static void gather_window(struct facts *f, const struct session *s)
{
	f->opened_by = s->opened_by;
	f->mode = tracer__mode(s->tracer);
	f->stack = s->stack;
	f->counts_files = tracer__counts_files(s->tracer);
	f->windowed = s->windowed;
	if (s->windowed && s->window.opened_by == SIGNAL_UNDER_WAY) {
		f->late_ns = f->late_pages = RECORD_UNKNOWN;
	} else if (s->windowed) {
		f->late_ns = (int64_t)s->window.late_ns;
		f->late_pages = s->window.late_pages;
	}
	f->phases = s->phases.v;
	f->nr_phases = s->phases.n;
	f->ticks = s->ticks;
	f->nr_ticks = s->nr_ticks;
}

int gathered__fill(struct gathered *g, const struct session *s, const struct snapshot *close)
{
	int err;

	memset(g, 0, sizeof(*g));
	gather_host(g, s);
	gather_window(&g->facts, s);
	err = gather_targets(g, s);
	if (!err)
		err = gather_chains(g, s, &close->counters);
	return err ? err : gather_names(g, s, &close->counters);
}

void gathered__free(struct gathered *g)
{
	for (size_t i = 0; i < g->facts.nr_names; i++)
		free(g->names[i].comm);
	free(g->names);
	free(g->chains);
	free(g->targets);
	free(g->started_at);
	memset(g, 0, sizeof(*g));
}
