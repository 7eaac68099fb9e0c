/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What json_read.c, which knows the nesting of a record, and json_read_values.c, which takes single
 * values, share: the reason why a file is not a record, and where in it.
 */
#ifndef MIGPOP_OUTPUT_JSON_READ_INTERNAL_H
#define MIGPOP_OUTPUT_JSON_READ_INTERNAL_H

#include "output/json_members.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
	char *why;
	size_t size;
	char where[96]; /* "callsites[3].frames[0]": ours, never text of the file */
	int err;
};

/* Always false: the first reason stays. */
bool reader__fail(struct reader *rd, int err, const char *member, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
bool reader__no_memory(struct reader *rd);

/* The value @v of the member @name; false, with the reason kept, for what it may not be. */
bool reader__string(struct reader *rd, json_object *v, const char *name, char **out);
bool reader__count(struct reader *rd, json_object *v, const char *name, int64_t *out);

/* The single value @v, not null, of the member @m, to @p. */
bool reader__value(struct reader *rd, json_object *v, const struct member *m, void *p);
/* What null means; what has no null stays as it is. */
void member__set_null(const struct member *m, void *p);

#endif
