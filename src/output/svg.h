/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a record as a flame graph in one SVG file, which can be read without scripts. It must not
 * know where records come from.
 */
#ifndef MIGPOP_OUTPUT_SVG_H
#define MIGPOP_OUTPUT_SVG_H

#include "record.h"

#include <stdio.h>

/* Writes the flame graph, without nodes that are too narrow to be seen. Returns 0 or a negative
 * errno. */
int output_svg__write(const struct record *r, FILE *f);

#endif
