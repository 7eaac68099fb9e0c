/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two snapshots and facts that a test writes by hand, row by row. It must not know what the books
 * make of them.
 */
#ifndef MIGPOP_TESTS_BOOKS_MADE_H
#define MIGPOP_TESTS_BOOKS_MADE_H

#include <stdlib.h>
#include <string.h>

#include "books/books.h"

enum { MADE_ROWS = 64, MADE_TARGETS = 4, MADE_PAGE = 4096 };

/* A snapshot in arrays of fixed size. */
struct made_snapshot {
	struct snapshot s;
	struct site_row sites[MADE_ROWS];
	struct backing_row backings[MADE_ROWS];
	struct advice_row advice[MADE_ROWS];
	struct thread_row threads[MADE_ROWS];
	struct process_row processes[MADE_TARGETS];
	struct target_figures figures[MADE_TARGETS];
};

struct made {
	struct made_snapshot before, after;
	struct facts facts;
	struct facts_target targets[MADE_TARGETS];
	struct record_target described[MADE_TARGETS];
	struct chain_row chains[MADE_ROWS];
	struct thread_name names[MADE_ROWS];
	struct record *record;
};

static inline void made_snapshot__begin(struct made_snapshot *m)
{
	memset(m, 0, sizeof(*m));
	m->s.counters.sites = m->sites;
	m->s.counters.backings = m->backings;
	m->s.counters.advice = m->advice;
	m->s.counters.threads = m->threads;
	m->s.counters.processes = m->processes;
	m->s.figures = m->figures;
}

/* Adds a target that the kernel knows "anon" private pages of, at every edge. */
static inline struct process *made__add_target(struct made *m, u32 pid, s64 anon)
{
	size_t i = m->facts.nr_targets++;
	struct process_row *row = &m->after.processes[m->after.s.counters.nr_processes++];

	record_target__init(&m->described[i]);
	m->described[i].pid = pid;
	m->targets[i] = (struct facts_target){.pid = pid, .described = &m->described[i]};
	row->tgid = pid;
	row->value.exited = 1;
	for (int e = 0; e < NR_EDGES; e++)
		row->value.edges[e] =
			(struct figures){.anon = anon, .page_tables = 2 * MADE_PAGE, .known = 1};
	m->before.s.nr_targets = m->after.s.nr_targets = m->facts.nr_targets;
	m->before.figures[i] = m->after.figures[i] =
		(struct target_figures){.figures = {.anon = anon, .known = 1}, .rss = anon};
	return &row->value;
}

/* Empty snapshots, from 1 s to 3 s since boot, and one target that stands still. */
static inline struct process *made__begin(struct made *m, u32 pid, s64 anon)
{
	memset(m, 0, sizeof(*m));
	made_snapshot__begin(&m->before);
	made_snapshot__begin(&m->after);
	m->before.s.counters.taken_ns = 1000000000;
	m->after.s.counters.taken_ns = 3000000000;
	m->facts = (struct facts){
		.targets = m->targets,
		.opened_by = REASON_ATTACH,
		.closed_by = REASON_DURATION,
		.mode = MODE_TRACEPOINT,
		.stack = STACK_CFI,
		.counts_files = true,
		.pages_of_fault = 1,
		.page_size = MADE_PAGE,
		.host_kernel = "6.18",
		.host_arch = "x86_64",
		.tool_version = "0",
		.started_at = "2026-11-30T06:12:47.123456Z",
		.chains = m->chains,
		.names = m->names,
	};
	return made__add_target(m, pid, anon);
}

/* Adds a file whose pages are "open" and "close" in the kernel's figures. Rows must come in the
 * order of their keys. */
static inline struct backing *made__add_file(struct made *m, const struct backing_key *key,
					     u32 owner, u64 open, u64 close)
{
	struct backing_row *row = &m->after.backings[m->after.s.counters.nr_backings++];

	*row = (struct backing_row){
		.key = *key,
		.value = {.open_before = open,
			  .open_pages = open,
			  .exit_before = close,
			  .exit_pages = close,
			  .pages_now = close,
			  .exited = 1,
			  .owner = owner,
			  .name = "memfd:ram0"},
	};
	return &row->value;
}

/* Rows may be added in any order: made__make() sorts them. */
static inline struct site_row *made__add_site(struct made_snapshot *m, const struct site_key *key,
					      struct site value)
{
	struct site_row *row = &m->sites[m->s.counters.nr_sites++];

	*row = (struct site_row){*key, value};
	return row;
}

static inline struct thread_row *made__add_thread(struct made_snapshot *m, u32 tgid, u32 tid,
						  struct site sum)
{
	struct thread_row *row = &m->threads[m->s.counters.nr_threads++];

	*row = (struct thread_row){.key = {tgid, tid}, .value = {.sum = sum}};
	return row;
}

static inline struct advice_row *made__add_advice(struct made_snapshot *m,
						  const struct advice_key *key, struct advice value)
{
	struct advice_row *row = &m->advice[m->s.counters.nr_advice++];

	*row = (struct advice_row){*key, value};
	return row;
}

/* Adds a chain of "n" frames, at most 4; numbers must come in their order. */
static inline struct chain *made__add_chain(struct made *m, s32 number, u32 end, u32 n,
					    const u64 *frames)
{
	struct chain_row *row = &m->chains[m->facts.nr_chains++];

	row->number = number;
	row->chain.n = n;
	row->chain.end = end;
	memcpy(row->chain.frames, frames, n * sizeof(*frames));
	return &row->chain;
}

static inline void made_snapshot__sort(struct made_snapshot *m)
{
	struct counters *c = &m->s.counters;

	qsort(c->sites, c->nr_sites, sizeof(*c->sites), site_key__compare);
	qsort(c->backings, c->nr_backings, sizeof(*c->backings), backing_key__compare);
	qsort(c->advice, c->nr_advice, sizeof(*c->advice), advice_key__compare);
	qsort(c->threads, c->nr_threads, sizeof(*c->threads), thread_key__compare);
}

/* Makes the record; the one made before is freed. Returns what books__make_record() does. */
static inline int made__make(struct made *m)
{
	record__free(m->record);
	m->record = NULL;
	made_snapshot__sort(&m->before);
	made_snapshot__sort(&m->after);
	return books__make_record(&m->before.s, &m->after.s, &m->facts, &m->record);
}

static inline void made__end(struct made *m)
{
	record__free(m->record);
	m->record = NULL;
}

#endif
