/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a window tells of the migration that it was: how it ended, by what transport, and what for.
 * These are functions of what the kernel saw.
 */
#ifndef MIGPOP_BOOKS_OUTCOME_H
#define MIGPOP_BOOKS_OUTCOME_H

#include <stdbool.h>

#include "shared/window.h"
#include "record.h"

/* The outcome as QEMU says it, or would say it; OUTCOME_ENDED if nothing tells, OUTCOME_UNKNOWN if
 * the migration was not over. */
enum migration_outcome window__outcome(const struct window *w);

/* The word for people, static: OUTCOME_UNKNOWN has one, too. */
const char *migration_outcome__text(enum migration_outcome outcome);

/* Sets role, outcome, transport and purpose. */
void window__describe(const struct window *w, struct record_migration *out);

/* True if the process that received this migration may wait for another stream: the guest has not
 * come. */
bool window__comes_again(const struct window *w);

#endif
