/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directory of records: one file each, whole or not there, the oldest removed where they take
 * more than they may. It must not know who asks for them.
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
	uint64_t max_size; /* bytes */
};

/* Makes the directory where it is missing, now and whenever it is found to be gone. 0 or a negative
 * errno; to be closed either way. */
int store__open(struct store *s, const char *path, uint64_t max_size);
void store__close(struct store *s);

/* Writes a record that began at "start_us" since the epoch, of the guest or, NULL, of process
 * "pid". 0 or a negative errno. */
int store__add(struct store *s, const struct record *r, uint64_t start_us);

/* Removes the oldest until the rest takes no more than it may; never the newest. */
int store__trim(struct store *s);

/* Calls "each" with the name of every record, newest first. 0 or a negative errno. */
int store__each(struct store *s, int (*each)(const char *name, void *data), void *data);

/* The text of a record, to be freed, its length in *len. Names are those of store__each(): any
 * other is -ENOENT, whatever it holds. */
int store__read(struct store *s, const char *name, char **text, size_t *len);

#endif
