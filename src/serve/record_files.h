/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of record files in a directory: <start>-<guest or pid>-<role>.json. Nothing else in the
 * directory is looked at or opened. It must not know who writes the files, nor what is in them.
 */
#ifndef MIGPOP_SERVE_RECORD_FILES_H
#define MIGPOP_SERVE_RECORD_FILES_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>

/* Room for the name of a record, which is that of its file without ".json", and a final 0. */
enum { RECORD_NAME_SIZE = 160 };

/* True if "c" may be in the name of a record: it has a meaning neither in a path nor in HTML. */
bool record_file__is_plain(char c);

/* Lists the files in *entries, newest first, with ".json" at the end of each name. Returns how many
 * there are, or a negative errno; then *entries is NULL. Free them with record_files__free(). */
int record_files__list(int dir, struct dirent ***entries);
void record_files__free(struct dirent **entries, int n);

/* Opens the file of the record "name", without ".json", to be read; *size is its length in bytes.
 * Returns a descriptor; -ENOENT if this is not the name of a record or if it is not that of a
 * regular file; or another negative errno. */
int record_file__open(int dir, const char *name, uint64_t *size);

#endif
