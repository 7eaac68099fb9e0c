/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tracer on this very process, while it loads. It must not know what is loaded.
 */
#ifndef MIGPOP_CMD_REPLAY_TRACE_H
#define MIGPOP_CMD_REPLAY_TRACE_H

#include <stdbool.h>

struct record;
struct replay_trace;

/* Each returns an exit status, and has said why it is not STATUS_OK. */
int replay_trace__open(struct replay_trace **out, bool verbose);
/* From here on pages are counted, */
int replay_trace__begin(struct replay_trace *t);
/* to here. *out is to be freed by record__free(). */
int replay_trace__end(struct replay_trace *t, struct record **out);

/* NULL is none. */
void replay_trace__close(struct replay_trace *t);

#endif
