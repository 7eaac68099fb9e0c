/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the samples of a profile refer to by number, each once: strings, mappings, functions,
 * locations. It must not know of records.
 */
#ifndef MIGPOP_OUTPUT_PPROF_TABLES_H
#define MIGPOP_OUTPUT_PPROF_TABLES_H

#include "profile.pb-c.h"

#include <stdbool.h>
#include <stddef.h>

struct pprof_table {
	void *root; /* of tsearch(3) */
	void **v;   /* in the order of their numbers */
	size_t n;
};

struct pprof_tables {
	struct pprof_table strings, mappings, functions, locations;
	char **text; /* of the strings */
	bool failed; /* memory ran out; what is returned from then on is of no use */
};

void pprof_tables__init(struct pprof_tables *t);
void pprof_tables__clear(struct pprof_tables *t);

/* Any bytes; NULL is the empty string, number 0. */
int64_t pprof_tables__string(struct pprof_tables *t, const char *s);
/* To be changed only in its has_ members, which are true at first. NULL without memory. */
Pprof__Mapping *pprof_tables__mapping(struct pprof_tables *t, const char *filename,
				      const char *build_id);
uint64_t pprof_tables__function(struct pprof_tables *t, const char *name, const char *system_name,
				const char *filename);
/* Room for the lines of a location, zeroed but for being messages; NULL without memory. */
Pprof__Line **pprof_tables__lines(struct pprof_tables *t, size_t n);
/* Takes the lines of @key, and looks at all but its id. */
uint64_t pprof_tables__location(struct pprof_tables *t, const Pprof__Location *key);

/* @p borrows all of them: it is packed before the tables are cleared. */
void pprof_tables__into(struct pprof_tables *t, Pprof__Profile *p);

#endif
