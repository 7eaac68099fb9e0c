/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The books: what was counted between two snapshots, for each file and each process, beside what
 * the kernel's own figures changed by, and how uncertain that is.
 */
#ifndef MIGPOP_BOOKS_ACCOUNT_H
#define MIGPOP_BOOKS_ACCOUNT_H

#include "books/facts.h"

/*
 * Adds the rows of the books to "r", whose targets are filled, and sets totals.mapped_pages. "rows"
 * are what the "n" call sites counted from "before" to "after". Returns 0 or -ENOMEM.
 */
int account__fill(const struct snapshot *before, const struct snapshot *after,
		  const struct site_row *rows, size_t n, const struct facts *facts,
		  struct record *r);

#endif
