/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directory of records as its writer sees it, with one file for each record. A file is complete
 * or not there. If the files take too much room, the oldest are removed. It must not know who reads
 * the records.
 */
#ifndef MIGPOP_SERVE_STORE_H
#define MIGPOP_SERVE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

struct store {
	const char *path;
	int dir;
	unsigned int opened; /* how many times a directory was opened: raised when "dir" is new */
	uint64_t max_size;   /* in bytes */
};

/* Opens the directory. It is made if it is missing, now or at any later call. Returns 0 or a
 * negative errno; close it in either case. */
int store__open(struct store *s, const char *path, uint64_t max_size);
void store__close(struct store *s);

/* Opens the directory that has the path now, if that is another one than before: an operator may
 * move the directory, or mount another. Makes it if there is none. Returns 0 or a negative errno;
 * then s->dir is -1. */
int store__follow(struct store *s);

/* Writes a record that began at "start_us", in microseconds since the epoch. Returns 0 or a
 * negative errno. */
int store__add(struct store *s, const struct record *r, uint64_t start_us);

/* Removes the oldest records until the others take no more than max_size; never the newest. Returns
 * 0 or a negative errno. */
int store__trim(struct store *s);

#endif
