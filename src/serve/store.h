/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory of records, with one file for each. A file is complete or not there. If the files
 * take too much room, the oldest are removed. It must not know who reads the records.
 */
#ifndef MIGPOP_SERVE_STORE_H
#define MIGPOP_SERVE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "record.h"

struct store {
	const char *path;
	int dir;
	uint64_t max_size; /* in bytes */
};

/* Opens the directory. It is made if it is missing, now or at any later call. Returns 0 or a
 * negative errno; close it in either case. */
int store__open(struct store *s, const char *path, uint64_t max_size);
void store__close(struct store *s);

/* Writes a record that began at "start_us", in microseconds since the epoch. Returns 0 or a
 * negative errno. */
int store__add(struct store *s, const struct record *r, uint64_t start_us);

/* Removes the oldest records until the others take no more than max_size; never the newest. Returns
 * 0 or a negative errno. */
int store__trim(struct store *s);

/* Calls "each" with the name of every record, newest first, until it returns non-zero. Returns that
 * value, 0, or a negative errno. */
int store__each(struct store *s, int (*each)(const char *name, void *data), void *data);

/* Returns the text of a record in *text, for the caller to free, and its length in *len. "name" is
 * a name that store__each() passed; for any other name it returns -ENOENT. Returns 0 or a negative
 * errno. */
int store__read(struct store *s, const char *name, char **text, size_t *len);

#endif
