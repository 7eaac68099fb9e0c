// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counters as plain data: finding, comparing and adding rows.
 */
#include "counters.h"

#include <stdlib.h>
#include <string.h>

int site_key__compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct site_key));
}

int backing_key__compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct backing_key));
}

int advice_key__compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct advice_key));
}

int thread_key__compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct thread_key));
}

void site__sum(struct site *to, const struct site *add)
{
	to->faults += add->faults;
	to->populated += add->populated;
	to->zero_populated += add->zero_populated;
	to->released += add->released;
	to->fault_ns += add->fault_ns;
}

bool site__counts(const struct site *s)
{
	return s->faults | s->populated | s->released;
}

static struct site site__less(const struct site *now, const struct site *before)
{
	return (struct site){
		.faults = now->faults - before->faults,
		.populated = now->populated - before->populated,
		.zero_populated = now->zero_populated - before->zero_populated,
		.released = now->released - before->released,
		.fault_ns = now->fault_ns - before->fault_ns,
	};
}

static const void *find(const void *key, const void *rows, size_t n, size_t size,
			int (*compare)(const void *a, const void *b))
{
	return n ? bsearch(key, rows, n, size, compare) : NULL;
}

const struct site_row *counters__find_site(const struct counters *c, const struct site_key *key)
{
	return find(key, c->sites, c->nr_sites, sizeof(*c->sites), site_key__compare);
}

const struct backing_row *counters__find_backing(const struct counters *c,
						 const struct backing_key *key)
{
	return find(key, c->backings, c->nr_backings, sizeof(*c->backings), backing_key__compare);
}

const struct process *counters__find_process(const struct counters *c, u32 tgid)
{
	for (size_t i = 0; i < c->nr_processes; i++)
		if (c->processes[i].tgid == tgid)
			return &c->processes[i].value;
	return NULL;
}

struct site site_row__since(const struct site_row *row, const struct counters *before)
{
	const struct site_row *then = counters__find_site(before, &row->key);

	return then ? site__less(&row->value, &then->value) : row->value;
}

struct site thread_row__since(const struct thread_row *row, const struct counters *before)
{
	const struct thread_row *then = find(&row->key, before->threads, before->nr_threads,
					     sizeof(*then), thread_key__compare);

	return then ? site__less(&row->value.sum, &then->value.sum) : row->value.sum;
}

struct advice advice_row__since(const struct advice_row *row, const struct counters *before)
{
	const struct advice_row *then = find(&row->key, before->advice, before->nr_advice,
					     sizeof(*then), advice_key__compare);
	struct advice since = row->value;

	if (then) {
		since.calls -= then->value.calls;
		since.bytes -= then->value.bytes;
		since.released -= then->value.released;
	}
	return since;
}

u64 counters__lost(const struct counters *c, int kind, bool windowed)
{
	u64 n = windowed ? 0 : c->lost[kind];

	for (size_t i = 0; i < c->nr_processes; i++)
		n += c->processes[i].value.lost[kind];
	return n;
}

void counters__free(struct counters *c)
{
	free(c->sites);
	free(c->backings);
	free(c->advice);
	free(c->processes);
	free(c->threads);
	memset(c, 0, sizeof(*c));
}

void snapshot__free(struct snapshot *s)
{
	counters__free(&s->counters);
	free(s->figures);
	free(s->pages_again);
	memset(s, 0, sizeof(*s));
}

/* Those who live have their costs in the rows of threads; what threads that are gone cost is kept
 * with their process. */
void counters__add_costs(struct counters *c)
{
	for (size_t i = 0; i < c->nr_threads; i++) {
		c->events += c->threads[i].events;
		c->sampled_ns += c->threads[i].sampled_ns;
	}
	for (size_t i = 0; i < c->nr_processes; i++) {
		c->events += c->processes[i].value.events;
		c->sampled_ns += c->processes[i].value.sampled_ns;
	}
}

static bool has_site_in(const struct counters *c, const struct backing_key *key)
{
	for (size_t i = 0; i < c->nr_sites; i++)
		if (!backing_key__compare(&c->sites[i].key.backing, key))
			return true;
	return false;
}

static bool is_owner(const struct counters *c, const struct backing_key *key, u32 tgid)
{
	const struct backing_row *row = counters__find_backing(c, key);

	return key->tgid == tgid || (row && row->value.owner == tgid);
}

void counters__keep(struct counters *c, pid_t pid)
{
	u32 tgid = (u32)pid;
	size_t n = 0;

	for (size_t i = 0; i < c->nr_sites; i++)
		if (c->sites[i].key.tgid == tgid || is_owner(c, &c->sites[i].key.backing, tgid))
			c->sites[n++] = c->sites[i];
	c->nr_sites = n;
	n = 0;
	for (size_t i = 0; i < c->nr_backings; i++)
		if (c->backings[i].key.tgid == tgid || c->backings[i].value.owner == tgid ||
		    has_site_in(c, &c->backings[i].key))
			c->backings[n++] = c->backings[i];
	c->nr_backings = n;
	n = 0;
	for (size_t i = 0; i < c->nr_advice; i++)
		if (c->advice[i].key.tgid == tgid)
			c->advice[n++] = c->advice[i];
	c->nr_advice = n;
	n = 0;
	for (size_t i = 0; i < c->nr_processes; i++)
		if (c->processes[i].tgid == tgid)
			c->processes[n++] = c->processes[i];
	c->nr_processes = n;
	n = 0;
	for (size_t i = 0; i < c->nr_threads; i++)
		if (c->threads[i].key.tgid == tgid)
			c->threads[n++] = c->threads[i];
	c->nr_threads = n;
	c->events = c->sampled_ns = 0;
	counters__add_costs(c);
}
