/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sums over records, in the format that Prometheus reads. It must not know where records come from.
 */
#ifndef MIGPOP_SERVE_METRICS_H
#define MIGPOP_SERVE_METRICS_H

#include <stdio.h>

#include "record.h"

struct metrics;

/* Returns empty sums; NULL without memory. */
struct metrics *metrics__new(void);
void metrics__free(struct metrics *m);

/* Counts an error that no record shows. "kind" is one of the kinds listed in metrics.c; others are
 * ignored. */
void metrics__add_error(struct metrics *m, const char *kind);

/* A table of fixed size, and how many of its entries are in use. */
struct metrics_table {
	const char *name; /* a static string */
	uint64_t used, size;
};

enum { METRICS_TABLES_MAX = 16 };

/* Sets what is written of "n" tables from now on, METRICS_TABLES_MAX at most. */
void metrics__set_tables(struct metrics *m, const struct metrics_table *tables, size_t n);

/* Adds a record to the sums. Returns 0 or -ENOMEM. */
int metrics__add(struct metrics *m, const struct record *r);

/* Writes the sums in the text format of Prometheus, version 0.0.4. What records add to is formatted
 * once for each record: a host may have thousands of guests. Returns 0 or a negative errno. */
int metrics__write(struct metrics *m, FILE *f);

#endif
