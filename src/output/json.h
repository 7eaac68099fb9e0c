/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads and writes a record as JSON, schema "migpop.record/2". It must not know where records come
 * from, nor what is concluded from them.
 */
#ifndef MIGPOP_OUTPUT_JSON_H
#define MIGPOP_OUTPUT_JSON_H

#include "record.h"

#include <stddef.h>
#include <stdio.h>

/*
 * Writes the record, indented, with its members always in the same order. Bytes that are not UTF-8,
 * which JSON cannot represent, are written as the text \xNN. Returns 0 or a negative errno.
 */
int output_json__write(const struct record *r, FILE *f);

/*
 * Reads the record in the file "path"; "-" is standard input. The file may contain anything.
 * Returns -EINVAL and one line in "why" if it is not a record; another negative errno if it cannot
 * be read. Members that this version does not know are ignored, and absent members count as null.
 * Free *out with record__free().
 */
int output_json__read(struct record **out, const char *path, char *why, size_t why_size);

/* Reads a record from text in memory, as output_json__read() does from a file. */
int output_json__parse(struct record **out, const char *text, size_t len, char *why,
		       size_t why_size);

#endif
