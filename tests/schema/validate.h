/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does JSON hold to a JSON Schema? The part of draft 2020-12 that the schemas of this tree use; a
 * keyword that is not of that part is an error, so nothing passes because it was not understood.
 */
#ifndef MIGPOP_TESTS_VALIDATE_H
#define MIGPOP_TESTS_VALIDATE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

/* True if "value" holds to "schema"; else where and why not in "why". "closed": members that the
 * schema does not name are wrong as well. */
bool validate(json_object *schema, json_object *value, bool closed, char *why, size_t size);

/* The schema of records, as the tree has it; to be put. */
json_object *validate__record_schema(void);

#endif
