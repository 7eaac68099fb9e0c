/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traces this process itself while it loads. It must not know what is loaded.
 */
#ifndef MIGPOP_CMD_REPLAY_TRACE_H
#define MIGPOP_CMD_REPLAY_TRACE_H

#include <stdbool.h>

struct record;
struct replay_trace;

/* These return an exit status; if it is not STATUS_OK, the error has been printed. */
int replay_trace__open(struct replay_trace **out, bool verbose);
/* Opens the window. */
int replay_trace__begin(struct replay_trace *t);
/* Closes the window. Free *out with record__free(). */
int replay_trace__end(struct replay_trace *t, struct record **out);

/* NULL is allowed. */
void replay_trace__close(struct replay_trace *t);

#endif
