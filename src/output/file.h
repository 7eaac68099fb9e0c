/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a result to a file: either all of the result arrives there, or the old content stays. It
 * must not know what is written.
 */
#ifndef MIGPOP_OUTPUT_FILE_H
#define MIGPOP_OUTPUT_FILE_H

#include <stdio.h>

struct output_file {
	FILE *f;
	char *path;      /* the file that will be replaced; NULL if it is written directly */
	char *temporary; /* the temporary file beside it */
};

/*
 * Opens an output. If "path" is NULL or "-", it is standard output. A regular file is written to a
 * temporary file beside it, which replaces it on commit; anything else that exists (/dev/stdout, a
 * FIFO) is written directly. A missing directory, missing permission or full disk is reported here,
 * before any long work. Returns 0 or a negative errno. A caller that writes to pipes must ignore
 * SIGPIPE: then commit returns -EPIPE.
 */
int output_file__open(struct output_file *o, const char *path);

/* Closes the output. Returns 0 if all of it is on disk under its name; otherwise a negative errno,
 * and the old file has not changed. */
int output_file__commit(struct output_file *o);

/* Closes the output and discards it: the old file has not changed. Does nothing after a commit or a
 * failed open. */
void output_file__abort(struct output_file *o);

#endif
