/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the data that the scripts of the HTML page read. It must not know how the page looks.
 */
#ifndef MIGPOP_OUTPUT_HTML_DATA_H
#define MIGPOP_OUTPUT_HTML_DATA_H

#include "record.h"

#include <stdio.h>

/*
 * The record as JSON that nothing in it can end the surrounding <script> with, and that has each
 * distinct frame once:
 *
 *   { …of migpop.record/2, with numbers for frames…,
 *     "frames": [{"name", "kind", …of a frame…}],      name as shown; kind as flame_kind__name
 *     "categories": {"zero-page": 1, …},               to colours of palette.css
 *     "flame": [frame, parent, populated, zero, color, …] }   five numbers a node, parents first
 *
 * 0 or negative errno.
 */
int html_data__write(const struct record *r, FILE *f);

#endif
