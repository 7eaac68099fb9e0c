/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The call sites of a record summed up by one property, as a table or as JSON, schema
 * "migpop.groups/1". It must not know where records come from.
 */
#ifndef MIGPOP_OUTPUT_GROUPS_H
#define MIGPOP_OUTPUT_GROUPS_H

#include "record.h"

#include <stdbool.h>
#include <stdio.h>

enum group_by {
	GROUP_BY_CALLSITE,
	GROUP_BY_CATEGORY,
	GROUP_BY_BACKING,
	GROUP_BY_THREAD,
	GROUP_BY_SYSCALL,
};

struct group {
	char *name;
	int64_t faults; /* RECORD_UNKNOWN by backing: a record does not tell */
	int64_t populated_pages;
	int64_t zero_populated_pages;
	int64_t released_pages;
};

struct groups {
	struct group *v; /* sorted by populated pages, largest first */
	size_t n;
};

/* Makes the groups of a record. Returns 0 or -ENOMEM; free with groups__clear() in either case. */
int groups__make(struct groups *g, const struct record *r, enum group_by by);
void groups__clear(struct groups *g);

const char *group_by__name(enum group_by by);

int output_groups__text(const struct groups *g, enum group_by by, FILE *f);
int output_groups__json(const struct groups *g, enum group_by by, FILE *f);

#endif
