/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building and printing JSON, for everything that we say in it. It must not know what is written.
 */
#ifndef MIGPOP_OUTPUT_JSON_WRITER_H
#define MIGPOP_OUTPUT_JSON_WRITER_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Objects are made before their members and handed to their parents at once, so that the root owns
 * all of them; @failed remembers that memory ran out, since null is a valid value to json-c.
 */
struct writer {
	bool failed;
};

/* @v, noting that there should have been one. */
json_object *writer__check(struct writer *w, json_object *v);

/* Into @object or at the end of @array, which own @v from then on; NULL is null. */
void writer__put(struct writer *w, json_object *object, const char *name, json_object *v);
void writer__append(struct writer *w, json_object *array, json_object *v);

/* A new object or array in its parent, which owns it; NULL once anything has failed. */
json_object *writer__object(struct writer *w, json_object *parent, const char *name);
json_object *writer__array(struct writer *w, json_object *parent, const char *name);
json_object *writer__element(struct writer *w, json_object *array);

/* NULL for null: a string of NULL, a count that is RECORD_UNKNOWN, a number that is not finite. */
json_object *writer__string(struct writer *w, const char *s);
json_object *writer__count(struct writer *w, int64_t n);
json_object *writer__double(struct writer *w, double d);

/* Prints @root and frees it. 0, or negative errno for what failed since the start. */
int writer__finish(struct writer *w, json_object *root, FILE *f);

#endif
