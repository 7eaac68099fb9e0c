/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes bytes as a gzip file. It must not know what they are. */
#ifndef MIGPOP_OUTPUT_GZIP_H
#define MIGPOP_OUTPUT_GZIP_H

#include <stddef.h>
#include <stdio.h>

/* Compresses "len" bytes to "f". The same bytes always give the same file, because no name and no
 * time is stored. Returns 0 or a negative errno. */
int gzip__write(const void *data, size_t len, FILE *f);

#endif
