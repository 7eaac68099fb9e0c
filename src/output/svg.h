/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record as a flame graph in one SVG file, which needs no script to be read. It must not know
 * where records come from.
 */
#ifndef MIGPOP_OUTPUT_SVG_H
#define MIGPOP_OUTPUT_SVG_H

#include "record.h"

#include <stdio.h>

/* 0 or negative errno. What is too narrow to be seen is left out. */
int output_svg__write(const struct record *r, FILE *f);

#endif
