// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From two snapshots to a record: the order of what fills it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/account.h"
#include "collect/books.h"
#include "collect/books_internal.h"
#include "collect/chains.h"
#include "proc/figures.h"
#include "proc/system.h"

/* By /proc: of a target that lives, or as it stood at its end. */
static struct figures figures__of(const struct proc_figures *from)
{
	return (struct figures){
		.anon = from->anon,
		.hugetlb = from->hugetlb,
		.page_tables = from->page_tables < 0 ? FIGURE_UNKNOWN : from->page_tables * 1024,
		.known = from->anon >= 0,
	};
}

static int account(const struct session *s, const struct snapshot *close,
		   const struct site_row *rows, size_t n, struct record *r)
{
	struct account_target *targets = calloc(s->nr_targets + 1, sizeof(*targets));
	struct account_facts facts = {
		.targets = targets,
		.nr_targets = s->nr_targets,
		.windowed = s->windowed,
		.counts_files = tracer__counts_files(s->tracer),
		.slack = tracer__knows_cpus(s->tracer) ? 0 : proc__counter_slack(),
		.slack_now = proc__counter_slack(),
		.pages_of_fault = proc__pages_of_fault(),
		.waiting = proc__pages_waiting(),
		.page_size = sysconf(_SC_PAGESIZE),
		.pages_again = close->pages_again,
	};
	int err;

	if (!targets)
		return -ENOMEM;
	for (size_t i = 0; i < s->nr_targets; i++) {
		targets[i].pid = (u32)s->targets[i].pid;
		targets[i].now = figures__of(&close->figures[i]);
		targets[i].stands_at_end = s->targets[i].at_exit_known;
	}
	err = account__fill(&s->open.counters, &close->counters, rows, n, &facts, r);
	free(targets);
	return err;
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
		err = account(s, close, rows, n, r);
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
