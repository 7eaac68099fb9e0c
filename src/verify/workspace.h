/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a trial keeps its files, and the command lines of its two QEMUs. It must not know what is
 * done with them.
 */
#ifndef MIGPOP_VERIFY_WORKSPACE_H
#define MIGPOP_VERIFY_WORKSPACE_H

#include "verify/trial.h"

enum { WORKSPACE_PARENT_MAX = 60 };

struct workspace {
	char dir[96];  /* empty: not made */
	char uri[128]; /* of the migration stream */
};

/* Ends with NULL. */
struct arguments {
	char *v[48];
	size_t n;
	bool failed; /* memory ran out */
};

/* 0 or a negative errno; to be removed either way. */
int workspace__make(struct workspace *w, const struct trial_options *o);
void workspace__remove(struct workspace *w);

/* What one end, "source" or "destination", is started as, and the disk it boots from if it is to
 * run. 0 or a negative errno; to be freed in the first case. */
int workspace__arguments(const struct workspace *w, const struct trial_options *o, const char *end,
			 bool incoming, struct arguments *out);
void arguments__free(struct arguments *a);

#endif
