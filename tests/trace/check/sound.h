/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a record is one at all, of this program, and free of contradictions: what no expectation
 * can make up for.
 */
#ifndef CHECK_SOUND_H
#define CHECK_SOUND_H

#include <json-c/json.h>

/* The number of reasons to refuse @record as one of the program @route; prints each of them. */
unsigned int count_contradictions(struct json_object *record, const char *route);

#endif
