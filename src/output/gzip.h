/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes as a gzip file. It must not know what they are. */
#ifndef MIGPOP_OUTPUT_GZIP_H
#define MIGPOP_OUTPUT_GZIP_H

#include <stddef.h>
#include <stdio.h>

/* The same bytes always give the same file: no name, no time. 0 or negative errno. */
int gzip__write(const void *data, size_t len, FILE *f);

#endif
