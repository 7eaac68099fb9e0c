/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record as one HTML page that needs nothing but itself: verdict, timeline, flame graph, tables.
 * It must not know where records come from.
 */
#ifndef MIGPOP_OUTPUT_HTML_H
#define MIGPOP_OUTPUT_HTML_H

#include "record.h"

#include <stdio.h>

/* 0 or negative errno. Without scripts the page shows the text of the record. */
int output_html__write(const struct record *r, FILE *f);

#endif
