/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gathers the facts that a record needs beside two snapshots: asks the tracer, /proc and the host,
 * so that the books need not.
 */
#ifndef MIGPOP_WATCH_GATHER_H
#define MIGPOP_WATCH_GATHER_H

#include <sys/utsname.h>

#include "books/facts.h"
#include "watch/session.h"

/* The facts, and the memory of what is behind them that nobody else owns. */
struct gathered {
	struct facts facts;
	struct facts_target *targets;
	struct chain_row *chains;
	struct thread_name *names;
	struct utsname host;
	char *started_at;
};

/* Gathers what the record of the session's window up to "close" needs. The session must not change
 * before gathered__free(). Why the window closed, and the migration, are for the caller to set.
 * Returns 0 or -ENOMEM; call gathered__free() in either case. */
int gathered__fill(struct gathered *g, const struct session *s, const struct snapshot *close);
void gathered__free(struct gathered *g);

#endif
