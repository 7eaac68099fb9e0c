/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record as folded stacks, which flamegraph.pl, speedscope and inferno read. It must not know
 * where records come from.
 */
#ifndef MIGPOP_OUTPUT_FOLDED_H
#define MIGPOP_OUTPUT_FOLDED_H

#include "record.h"

#include <stdio.h>

/*
 * "comm;outermost;...;leaf PAGES", one line a call site that populated: sites that only gave pages
 * back have no width. Names hold neither ';' nor newlines. 0 or negative errno.
 */
int output_folded__write(const struct record *r, FILE *f);

#endif
