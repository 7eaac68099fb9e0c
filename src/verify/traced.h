/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traces one process in one window, and makes a record. It must not know what the process does.
 */
#ifndef MIGPOP_VERIFY_TRACED_H
#define MIGPOP_VERIFY_TRACED_H

#include <stdbool.h>

#include "verify/trial.h"
#include "watch/session.h"

struct traced {
	struct tracer *tracer;
	struct session session;
	bool has_session;
};

/* Loads the tracer and attaches it to "pid". Returns 0, or a negative errno with the reason in
 * "error", which begins with "name". Call traced__free() in either case. */
int traced__attach(struct traced *t, pid_t pid, enum mode mode, const char *name,
		   struct trial_error *error);
void traced__free(struct traced *t);

/* Opens the window. The process must not run meanwhile. Returns 0 or a negative errno. */
int traced__open(struct traced *t, enum window_reason by);
/* Closes the window. The process must not run meanwhile. Returns 0 and stores a classified record
 * in *out, which the caller frees; or a negative errno. */
int traced__close(struct traced *t, enum window_reason by, const struct rules *rules,
		  struct record **out);

/* A descriptor for poll(); if it is readable, call traced__read_mappings(). -1 if there is nothing
 * to wait for. */
int traced__fd(const struct traced *t);
void traced__read_mappings(struct traced *t);

#endif
