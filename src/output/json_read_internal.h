/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What json_read.c, which knows the nesting of a record, and json_read_values.c, which reads single
 * values, share: the reason why a file is not a record, and where in the file.
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
	char where[96]; /* such as "callsites[3].frames[0]"; made of our own names, never of text of
			   the file */
	int err;
};

/* Notes the reason why the file is not a record; the first reason stays. Always returns false. */
bool reader__fail(struct reader *rd, int err, const char *member, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
bool reader__no_memory(struct reader *rd);

/* Read the value "v" of the member "name". Return false, with the reason noted, if the value is not
 * allowed there. */
bool reader__string(struct reader *rd, json_object *v, const char *name, char **out);
bool reader__count(struct reader *rd, json_object *v, const char *name, int64_t *out);

/* Reads the single value "v", which is not null, of the member "m" into "p". */
bool reader__value(struct reader *rd, json_object *v, const struct member *m, void *p);
/* Sets "p" to what null means for the member; if null means nothing, "p" stays as it is. */
void member__set_null(const struct member *m, void *p);

#endif
