/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a record as one HTML page that needs no other file: verdict, timeline, flame graph,
 * tables. It must not know where records come from.
 */
#ifndef MIGPOP_OUTPUT_HTML_H
#define MIGPOP_OUTPUT_HTML_H

#include "record.h"

#include <stdio.h>

/* Writes the page. Returns 0 or a negative errno. Without scripts the page shows the text of the
 * record. */
int output_html__write(const struct record *r, FILE *f);

#endif
