/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directory where a trial keeps its files, and the command lines of its two QEMUs. It must not
 * know what is done with them.
 */
#ifndef MIGPOP_VERIFY_WORKSPACE_H
#define MIGPOP_VERIFY_WORKSPACE_H

#include "verify/trial.h"

enum { WORKSPACE_PARENT_MAX = 60 };

struct workspace {
	char dir[96];  /* empty if it was not made */
	char uri[128]; /* address of the migration stream */
};

/* The list ends with NULL. */
struct arguments {
	char *v[48];
	size_t n;
	bool failed; /* memory ran out */
};

/* Makes the directory. Returns 0 or a negative errno; remove it in either case. */
int workspace__make(struct workspace *w, const struct trial_options *o);
void workspace__remove(struct workspace *w);

/* Makes the command line of one end, "source" or "destination", and the disk it boots from if the
 * guest is to run. Returns 0 or a negative errno; free *out if it returned 0. */
int workspace__arguments(const struct workspace *w, const struct trial_options *o, const char *end,
			 bool incoming, struct arguments *out);
void arguments__free(struct arguments *a);

#endif
