/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a window tells of the migration that it was: how it ended, what it went through, and what it
 * was for. Plain functions of what the kernel saw; they ask nobody.
 */
#ifndef MIGPOP_BOOKS_OUTCOME_H
#define MIGPOP_BOOKS_OUTCOME_H

#include <stdbool.h>

#include "shared/window.h"
#include "record.h"

/* What QEMU itself says or would say; OUTCOME_ENDED where nothing tells, OUTCOME_UNKNOWN where the
 * migration was not over. */
enum migration_outcome window__outcome(const struct window *w);

/* In words for people: OUTCOME_UNKNOWN has one here. Static. */
const char *migration_outcome__text(enum migration_outcome outcome);

/* Fills role, outcome, transport and purpose. */
void window__describe(const struct window *w, struct record_migration *out);

/* Can a process that received this wait for another stream? A guest that has come stays. */
bool window__comes_again(const struct window *w);

#endif
