/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds and prints JSON, for everything that migpop writes as JSON. It must not know what is
 * written.
 */
#ifndef MIGPOP_OUTPUT_JSON_WRITER_H
#define MIGPOP_OUTPUT_JSON_WRITER_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * An object is made before its members and added to its parent at once, so that the root owns
 * everything. "failed" remembers that memory ran out: a NULL value alone would not show it, because
 * to json-c NULL is a valid null.
 */
struct writer {
	bool failed;
};

/* Returns "v". If "v" is NULL, notes that memory ran out. */
json_object *writer__check(struct writer *w, json_object *v);

/* Add "v" to "object", or to the end of "array", which own "v" from then on. If "v" is NULL, they
 * add null. */
void writer__put(struct writer *w, json_object *object, const char *name, json_object *v);
void writer__append(struct writer *w, json_object *array, json_object *v);

/* Return a new object or array, which its parent owns; NULL once anything has failed. */
json_object *writer__object(struct writer *w, json_object *parent, const char *name);
json_object *writer__array(struct writer *w, json_object *parent, const char *name);
json_object *writer__element(struct writer *w, json_object *array);

/* Return a value, or NULL for null: for a string that is NULL, a count that is RECORD_UNKNOWN, a
 * number that is not finite. */
json_object *writer__string(struct writer *w, const char *s);
json_object *writer__count(struct writer *w, int64_t n);
json_object *writer__double(struct writer *w, double d);

/* Prints "root" and frees it. Returns 0, or a negative errno if anything has failed since the
 * start. */
int writer__finish(struct writer *w, json_object *root, FILE *f);

#endif
