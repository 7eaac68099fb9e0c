/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record as JSON, schema "migpop.record/2", there and back. It must not know where records come
 * from nor what is concluded from them.
 */
#ifndef MIGPOP_OUTPUT_JSON_H
#define MIGPOP_OUTPUT_JSON_H

#include "record.h"

#include <stddef.h>
#include <stdio.h>

/*
 * Pretty, members always in the same order. Bytes that are not UTF-8, which JSON cannot carry, are
 * written as the text \xNN. 0 or negative errno.
 */
int output_json__write(const struct record *r, FILE *f);

/*
 * The record in the file at @path ("-": standard input). The file may hold anything: -EINVAL and
 * one line in @why for what is not a record; any other negative errno says it could not be read.
 * Members that this version does not know are passed over, absent ones are as good as null.
 */
int output_json__read(struct record **out, const char *path, char *why, size_t why_size);

/* The same for text in memory. */
int output_json__parse(struct record **out, const char *text, size_t len, char *why,
		       size_t why_size);

#endif
