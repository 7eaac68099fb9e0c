/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From two snapshots and facts to a raw record: the difference of the counters, beside that of the
 * kernel's own figures. Functions of plain data: they must not ask the kernel, nor anybody.
 */
#ifndef MIGPOP_BOOKS_BOOKS_H
#define MIGPOP_BOOKS_BOOKS_H

#include "books/facts.h"
#include "counters.h"
#include "record.h"

/*
 * Makes the record of the window from "before" to "after". It is raw: frames are addresses, RAM
 * blocks and categories are not found yet, losses of chains are not counted, and rows are not
 * sorted. The passes of finish__record() do that. Free *out with record__free(). Returns 0 or
 * -ENOMEM, and *out is NULL then.
 */
int books__make_record(const struct snapshot *before, const struct snapshot *after,
		       const struct facts *facts, struct record **out);

/* Sums up the window from "before" to "now", as a point of the timeline. */
void books__tick(const struct snapshot *before, const struct snapshot *now,
		 struct record_tick *tick);

/* Fills "pages" with pages_now of every backing of "c" as it is in "again"; a backing that is not
 * there stays as it was. */
void books__pages_again(const struct counters *c, const struct counters *again, u64 *pages);

#endif
