/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One process under the tracer, from a moment to another, as a record. It must not know what the
 * process does.
 */
#ifndef MIGPOP_VERIFY_WATCH_H
#define MIGPOP_VERIFY_WATCH_H

#include <stdbool.h>

#include "collect/session.h"
#include "verify/trial.h"

struct watch {
	struct tracer *tracer;
	struct session session;
	bool has_session;
};

/* Loads and attaches. 0, or a negative errno and why, which "name" is put before; to be freed
 * either way. */
int watch__attach(struct watch *w, pid_t pid, enum mode mode, const char *name,
		  struct trial_error *error);
void watch__free(struct watch *w);

/* Opens the window: the process stands still. 0 or a negative errno. */
int watch__open(struct watch *w, enum window_reason by);
/* Closes it, the same; a classified record, to be freed. */
int watch__close(struct watch *w, enum window_reason by, const struct rules *rules,
		 struct record **out);

/* For poll(); readable: watch__serve(). -1 if there is nothing to wait for. */
int watch__fd(const struct watch *w);
void watch__serve(struct watch *w);

#endif
