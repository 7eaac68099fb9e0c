/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The things that samples of a profile refer to by number, each stored once: strings, mappings,
 * functions, locations. It must not know of records.
 */
#ifndef MIGPOP_OUTPUT_PPROF_TABLES_H
#define MIGPOP_OUTPUT_PPROF_TABLES_H

#include "profile.pb-c.h"

#include <stdbool.h>
#include <stddef.h>

struct pprof_table {
	void *root; /* a tree of tsearch(3) */
	void **v;   /* the same things, in the order of their numbers */
	size_t n;
};

struct pprof_tables {
	struct pprof_table strings, mappings, functions, locations;
	char **text; /* made by pprof_tables__into(): the strings alone */
	bool failed; /* memory ran out: nothing returned from then on can be used */
};

void pprof_tables__init(struct pprof_tables *t);
void pprof_tables__clear(struct pprof_tables *t);

/* Returns the number of a string, which may have any bytes; NULL is the empty string, number 0. */
int64_t pprof_tables__string(struct pprof_tables *t, const char *s);
/* Returns the mapping; NULL without memory. Callers may change only its has_* members, which are
 * true at first. */
Pprof__Mapping *pprof_tables__mapping(struct pprof_tables *t, const char *filename,
				      const char *build_id);
uint64_t pprof_tables__function(struct pprof_tables *t, const char *name, const char *system_name,
				const char *filename);
/* Returns "n" empty lines for a location; NULL without memory. */
Pprof__Line **pprof_tables__lines(struct pprof_tables *t, size_t n);
/* Returns the id of the location that equals "key", whose own id does not matter. Takes over the
 * lines of "key". */
uint64_t pprof_tables__location(struct pprof_tables *t, const Pprof__Location *key);

/* Makes the profile borrow all tables: it must be packed before they are cleared. */
void pprof_tables__into(struct pprof_tables *t, Pprof__Profile *p);

#endif
