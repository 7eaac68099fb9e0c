// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keeps a list of series, each a metric with its labels and a value. Names of guests come from
 * outside, so they are escaped; if there are too many guests, the others are summed under one name.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "losses.h"
#include "output/format.h"
#include "serve/metrics.h"

enum metric {
	MIGRATIONS,
	POPULATED,
	ZERO_POPULATED,
	RELEASED,
	LATE,
	RESIDUAL,
	LOST,
	LOST_EVENTS,
	CHAINLESS,
	OVERHEAD,
	NR_METRICS,
};

static const struct {
	const char *name, *type, *help, *label;
} metrics[NR_METRICS] = {
	[MIGRATIONS] = {"migpop_migrations_total", "counter",
			"Migrations that ended on this host, by how.", "outcome"},
	[POPULATED] = {"migpop_populated_pages_total", "counter",
		       "Base pages that the kernel allocated for the guest's process.", "category"},
	[ZERO_POPULATED] = {"migpop_zero_populated_pages_total", "counter",
			    "Of these, pages that were only read, and are zero.", "category"},
	[RELEASED] = {"migpop_released_pages_total", "counter", "Base pages given back.", NULL},
	[LATE] =
		{"migpop_late_pages_total", "counter",
		 "Base pages of files allocated after a migration began and before it was watched.",
		 NULL},
	[RESIDUAL] = {"migpop_residual_pages", "gauge",
		      "Base pages of the last migration by which books and kernel differ, beyond "
		      "what is known to be uncertain.",
		      NULL},
	[LOST] = {"migpop_lost_total", "counter",
		  "Events that could not be counted, or attributed to "
		  "a whole call chain.",
		  "kind"},
	[LOST_EVENTS] = {"migpop_lost_events_total", "counter",
			 "Events of the guest's process that are in no count.", NULL},
	[CHAINLESS] = {"migpop_chainless_pages_total", "counter",
		       "Base pages of migpop_populated_pages_total whose call chain is not whole.",
		       NULL},
	[OVERHEAD] = {"migpop_overhead_seconds_total", "counter",
		      "Time that the tracer took in the kernel, estimated from samples.", NULL},
};

struct series {
	enum metric metric;
	char *guest, *role, *label; /* label is NULL if the metric has none */
	double value;
};

/* All kinds are written from the start as 0, so that the first error shows as an increase. */
static const char *const error_kinds[] = {"emulator", "executable", "hooks", "metrics", "record",
					  "room",     "rules",      "store", "web"};
enum { NR_ERROR_KINDS = sizeof(error_kinds) / sizeof(*error_kinds) };

struct metrics {
	uint64_t errors[NR_ERROR_KINDS];
	struct series *v;
	size_t n;
	size_t nr_guests;
	char *text; /* of all series, which records add to; NULL: it is to be written anew */
	size_t text_len;
	struct metrics_table tables[METRICS_TABLES_MAX];
	size_t nr_tables;
};

/* A guest in one role counts as one; it has some 20 series. The rest of a long name is left out. */
enum { GUESTS_MAX = 2048, GUEST_SIZE = 256 };
static const char other_guests[] = "(others)";

struct metrics *metrics__new(void)
{
	return calloc(1, sizeof(struct metrics));
}

void metrics__free(struct metrics *m)
{
	for (size_t i = 0; m && i < m->n; i++) {
		free(m->v[i].guest);
		free(m->v[i].role);
		free(m->v[i].label);
	}
	if (m) {
		free(m->v);
		free(m->text);
	}
	free(m);
}

static bool same(const char *a, const char *b)
{
	return (!a && !b) || (a && b && !strcmp(a, b));
}

static double *find(struct metrics *m, enum metric metric, const char *guest, const char *role,
		    const char *label)
{
	struct series *more, *s;

	for (size_t i = 0; i < m->n; i++) {
		s = &m->v[i];
		if (s->metric == metric && same(s->label, label) && same(s->role, role) &&
		    same(s->guest, guest))
			return &s->value;
	}
	more = array__grow(m->v, m->n, sizeof(*more));
	if (!more)
		return NULL;
	m->v = more;
	s = &m->v[m->n];
	*s = (struct series){.metric = metric,
			     .guest = strdup(guest),
			     .role = strdup(role),
			     .label = label ? strdup(label) : NULL};
	if (!s->guest || !s->role || (label && !s->label)) {
		free(s->guest);
		free(s->role);
		free(s->label);
		return NULL;
	}
	m->n++;
	return &s->value;
}

struct adding {
	struct metrics *metrics;
	const char *guest, *role;
	int err;
};

static double *series(struct adding *a, enum metric metric, const char *label)
{
	static double nowhere;
	double *value = find(a->metrics, metric, a->guest, a->role, label);

	if (!value)
		a->err = -ENOMEM;
	return value ? value : &nowhere;
}

static void add(struct adding *a, enum metric metric, const char *label, int64_t n)
{
	if (n != RECORD_UNKNOWN)
		*series(a, metric, label) += (double)n;
}

static bool is_known(const struct metrics *m, const char *guest)
{
	for (size_t i = 0; i < m->n; i++)
		if (!strcmp(m->v[i].guest, guest))
			return true;
	return false;
}

static double unexplained(const struct record *r)
{
	double sum = 0;

	for (size_t i = 0; i < r->nr_accounting; i++) {
		const struct record_accounting *a = &r->accounting[i];

		if (record_accounting__books(a) == RECORD_BOOKS_DO_NOT)
			sum += fabs((double)a->residual_pages) - (double)a->uncertainty_pages;
	}
	return sum;
}

static void add_lost(struct adding *a, const struct record *r)
{
	struct losses l = record__losses(r);

	add(a, LOST_EVENTS, NULL, l.events);
	add(a, CHAINLESS, NULL, l.chainless_pages);
	add(a, LOST, "stacks", r->lost.stacks);
	add(a, LOST, "truncated_stacks", r->lost.truncated_stacks);
	for (size_t i = 0; i < r->lost.nr_kinds; i++)
		add(a, LOST, r->lost.kinds[i].name, r->lost.kinds[i].n);
	for (size_t i = 0; i < r->lost.nr_unwind_errors; i++)
		add(a, LOST, r->lost.unwind_errors[i].name, r->lost.unwind_errors[i].n);
}

void metrics__add_error(struct metrics *m, const char *kind)
{
	for (size_t i = 0; i < NR_ERROR_KINDS; i++)
		if (!strcmp(kind, error_kinds[i]))
			m->errors[i]++;
}

void metrics__set_tables(struct metrics *m, const struct metrics_table *tables, size_t n)
{
	memcpy(m->tables, tables, n * sizeof(*tables));
	m->nr_tables = n;
}

/* An empty label would count as no label: a value without a word is called "unknown". */
static const char *label(enum names_set set, int value)
{
	const char *word = names__word(set, value);

	return word ? word : "unknown";
}

int metrics__add(struct metrics *m, const struct record *r)
{
	const struct record_target *t = r->nr_target ? &r->target[0] : NULL;
	struct adding a = {.metrics = m, .role = label(NAMES_ROLE, r->migration.role)};
	char guest[GUEST_SIZE];

	free(m->text);
	m->text = NULL;
	if (t && t->guest && *t->guest)
		snprintf(guest, sizeof(guest), "%s", t->guest);
	else
		snprintf(guest, sizeof(guest), "pid %u", t ? t->pid : 0);
	a.guest = guest;
	if (!is_known(m, a.guest)) {
		if (m->nr_guests == GUESTS_MAX)
			a.guest = other_guests;
		else
			m->nr_guests++;
	}
	add(&a, MIGRATIONS, label(NAMES_OUTCOME, r->migration.outcome), 1);
	for (size_t i = 0; i < r->nr_callsites; i++) {
		const struct record_callsite *c = &r->callsites[i];

		if (c->populated_pages > 0)
			add(&a, POPULATED, c->category, c->populated_pages);
		if (c->zero_populated_pages > 0)
			add(&a, ZERO_POPULATED, c->category, c->zero_populated_pages);
	}
	add(&a, RELEASED, NULL, r->totals.released_pages);
	add(&a, LATE, NULL, r->late_pages);
	*series(&a, RESIDUAL, NULL) = unexplained(r);
	add_lost(&a, r);
	if (r->overhead.bpf_ns != RECORD_UNKNOWN)
		*series(&a, OVERHEAD, NULL) += (double)r->overhead.bpf_ns / 1e9;
	return a.err;
}

/* Writes a label and its value as UTF-8, with characters escaped that would end the value. */
static void put_value(FILE *f, const char *label, const char *value)
{
	char *text = format__utf8_copy(value);

	fprintf(f, "%s=\"", label);
	for (const char *c = text ? text : "?"; *c; c++) {
		if (*c == '\n')
			fputs("\\n", f);
		else if (*c == '"' || *c == '\\')
			fprintf(f, "\\%c", *c);
		else
			fputc(*c, f);
	}
	fputc('"', f);
	free(text);
}

static void put_series(FILE *f, const struct series *s)
{
	fprintf(f, "%s{", metrics[s->metric].name);
	put_value(f, "guest", s->guest);
	fputc(',', f);
	put_value(f, "role", s->role);
	if (s->label) {
		fputc(',', f);
		put_value(f, metrics[s->metric].label, s->label);
	}
	fprintf(f, "} %.17g\n", s->value);
}

static void write_tables(const struct metrics *m, FILE *f)
{
	const struct metrics_table *v = m->tables;

	fputs("# HELP migpop_table_entries Entries of the tracer's tables that are in use.\n"
	      "# TYPE migpop_table_entries gauge\n",
	      f);
	for (size_t i = 0; i < m->nr_tables; i++)
		fprintf(f, "migpop_table_entries{table=\"%s\"} %" PRIu64 "\n", v[i].name,
			v[i].used);
	fputs("# HELP migpop_table_size Entries that these tables have room for.\n"
	      "# TYPE migpop_table_size gauge\n",
	      f);
	for (size_t i = 0; i < m->nr_tables; i++)
		fprintf(f, "migpop_table_size{table=\"%s\"} %" PRIu64 "\n", v[i].name, v[i].size);
}

static void write_series(const struct metrics *m, FILE *f)
{
	for (int metric = 0; metric < NR_METRICS; metric++) {
		fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", metrics[metric].name,
			metrics[metric].help, metrics[metric].name, metrics[metric].type);
		for (size_t i = 0; i < m->n; i++)
			if (m->v[i].metric == (enum metric)metric)
				put_series(f, &m->v[i]);
	}
}

/* Returns 0 or a negative errno. */
static int make_text(struct metrics *m)
{
	FILE *f = open_memstream(&m->text, &m->text_len);

	if (!f)
		return -errno;
	write_series(m, f);
	return fclose(f) ? -errno : 0;
}

int metrics__write(struct metrics *m, FILE *f)
{
	int err = m->text ? 0 : make_text(m);

	if (err) {
		free(m->text);
		m->text = NULL;
		return err;
	}
	fputs("# HELP migpop_build_info What is running, always 1.\n"
	      "# TYPE migpop_build_info gauge\n"
	      "migpop_build_info{version=\"" MIGPOP_VERSION "\"} 1\n",
	      f);
	fputs("# HELP migpop_errors_total What the service could not do: watch an emulator, read "
	      "what it executes, attach "
	      "hooks, publish metrics, make a record, have room in a table, read rules, keep a "
	      "record, run its web process.\n"
	      "# TYPE migpop_errors_total counter\n",
	      f);
	for (size_t i = 0; i < NR_ERROR_KINDS; i++)
		fprintf(f, "migpop_errors_total{kind=\"%s\"} %" PRIu64 "\n", error_kinds[i],
			m->errors[i]);
	write_tables(m, f);
	return fwrite(m->text, 1, m->text_len, f) == m->text_len ? 0 : -EIO;
}
