/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record-validate [--any] FILE...: does each hold to schema/migpop.record-2.json, with no member
 * that it does not name? Records inside of what other commands write ("record" of a verdict, of a
 * replay) are found. --any passes over files that hold no record. Exit status 1, and where and why
 * on stderr, where one does not hold.
 */
#include <stdio.h>
#include <string.h>

#include "validate.h"

/* The number of records in "value", -1 where one is wrong. */
static int validate_all(json_object *schema, json_object *value, char *why, size_t size)
{
	json_object *name;
	int n = 0, in;

	if (json_object_is_type(value, json_type_object)) {
		if (json_object_object_get_ex(value, "schema", &name) &&
		    json_object_is_type(name, json_type_string) &&
		    !strncmp(json_object_get_string(name), "migpop.record/", 14))
			return validate(schema, value, true, why, size) ? 1 : -1;
		json_object_object_foreach(value, key, member)
		{
			(void)key;
			in = validate_all(schema, member, why, size);
			if (in < 0)
				return in;
			n += in;
		}
	}
	return n;
}

int main(int argc, char **argv)
{
	json_object *schema = validate__record_schema();
	bool any = argc > 1 && !strcmp(argv[1], "--any");
	int status = argc < 2 || !schema;

	for (int i = 1 + any; i < argc && schema; i++) {
		json_object *file = json_object_from_file(argv[i]);
		char why[512] = "holds no record";
		int n = file ? validate_all(schema, file, why, sizeof(why)) : 0;

		if (n < 0 || (!n && !any)) {
			fprintf(stderr, "%s: %s\n", argv[i], file ? why : "is not JSON");
			status = 1;
		}
		json_object_put(file);
	}
	json_object_put(schema);
	return status;
}
