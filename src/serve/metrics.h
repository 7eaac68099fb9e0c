/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sums over records, as Prometheus reads them. It must not know where records come from.
 */
#ifndef MIGPOP_SERVE_METRICS_H
#define MIGPOP_SERVE_METRICS_H

#include <stdio.h>

#include "record.h"

struct metrics;

/* NULL without memory. */
struct metrics *metrics__new(void);
void metrics__free(struct metrics *m);

/* Something went wrong that no record tells of; "kind" is one of those of the implementation. */
void metrics__add_error(struct metrics *m, const char *kind);

/* A table of fixed size, and how many of its entries are in use. */
struct metrics_table {
	const char *name; /* static */
	uint64_t used, size;
};

enum { METRICS_TABLES_MAX = 16 };

/* "tables" is asked whenever they are written: fills METRICS_TABLES_MAX at most, and returns how
 * many. */
void metrics__set_tables(struct metrics *m, size_t (*tables)(struct metrics_table *out, void *data),
			 void *data);

/* 0 or -ENOMEM. */
int metrics__add(struct metrics *m, const struct record *r);

/* In the text format of Prometheus, version 0.0.4. */
void metrics__write(const struct metrics *m, FILE *f);

#endif
