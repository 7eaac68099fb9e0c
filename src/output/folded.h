/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a record as folded stacks, which flamegraph.pl, speedscope and inferno read. It must not
 * know where records come from.
 */
#ifndef MIGPOP_OUTPUT_FOLDED_H
#define MIGPOP_OUTPUT_FOLDED_H

#include "record.h"

#include <stdio.h>

/*
 * Writes one line "comm;outermost;...;leaf PAGES" for each call site that populated pages. Call
 * sites that only gave pages back are left out, because they have no width. No name contains ';' or
 * a newline. Returns 0 or a negative errno.
 */
int output_folded__write(const struct record *r, FILE *f);

#endif
