/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From two snapshots to a record: the difference of the counters, beside that of the kernel's own
 * figures. Pure: asks neither the kernel nor BPF.
 */
#ifndef MIGPOP_COLLECT_BOOKS_H
#define MIGPOP_COLLECT_BOOKS_H

#include "collect/session.h"

/* The record of the window from s->open to "close", which closed "by" that; "text" says so for
 * people, NULL: as the word does. To be freed by record__free(). */
int books__make_record(const struct session *s, const struct snapshot *close, enum window_reason by,
		       const char *text, struct record **out);

/* Sums of the window from s->open to "now", as a point of the timeline. */
void books__tick(const struct session *s, const struct snapshot *now, struct record_tick *tick);

/* pages_now of every backing of "c" as in "again"; what is not there stays as it was. */
void books__pages_again(const struct counters *c, const struct counters *again, u64 *pages);

#endif
