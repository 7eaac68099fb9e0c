/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A place to write a result to: either all of it arrives there, or what was there before stays. It
 * must not know what is written.
 */
#ifndef MIGPOP_OUTPUT_FILE_H
#define MIGPOP_OUTPUT_FILE_H

#include <stdio.h>

struct output_file {
	FILE *f;
	char *path;      /* to be replaced; NULL if written directly */
	char *temporary; /* beside it */
};

/*
 * @path NULL or "-" is standard output. A regular file is written beside itself and replaced on
 * commit; anything else that exists (/dev/stdout, a FIFO) is written directly. A missing directory,
 * missing permission or full disk is found here, before any long work. 0 or negative errno.
 * Whoever writes to pipes ignores SIGPIPE, to get -EPIPE from commit.
 */
int output_file__open(struct output_file *o, const char *path);

/* All of it is on disk under its name, or negative errno and nothing has changed. Closes. */
int output_file__commit(struct output_file *o);

/* Give up: nothing has changed. Closes; does nothing after a commit or a failed open. */
void output_file__abort(struct output_file *o);

#endif
