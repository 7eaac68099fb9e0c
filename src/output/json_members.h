/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the objects of a record hold: for each a table of its members, by name, kind and place, with
 * a sentence that says what it is. Writing, reading, docs/record.md and the JSON schema go by these
 * tables alone. They must not know how a member is written or read.
 */
#ifndef MIGPOP_OUTPUT_JSON_MEMBERS_H
#define MIGPOP_OUTPUT_JSON_MEMBERS_H

#include "names.h"
#include "record.h"

#include <stddef.h>

enum type {
	TYPE_SCHEMA, /* the schema's own name: nothing of the record */
	TYPE_STRING,
	TYPE_TIME,   /* a string: RFC 3339 */
	TYPE_WORD,   /* a static string of a set */
	TYPE_ENUM,   /* a value of a set's enum; null where it has no word */
	TYPE_COUNT,  /* RECORD_UNKNOWN is null; not negative */
	TYPE_SIGNED, /* RECORD_UNKNOWN is null */
	TYPE_U32,
	TYPE_U64,
	TYPE_DOUBLE, /* NAN is null */
	TYPE_BOOL,
	TYPE_OBJECT,  /* "members" of the same struct */
	TYPE_ARRAY,   /* "members" of each of its elements */
	TYPE_FIRST,   /* the first element of an array, which another member has whole; or null */
	TYPE_STRINGS, /* an array of strings */
	TYPE_COUNTS,  /* an array of struct record_count, as an object */
};

struct member {
	const char *name;
	enum type type;
	enum names_set set;           /* TYPE_WORD, TYPE_ENUM */
	bool optional;                /* left out where it is null, 0 or false */
	size_t offset;                /* in the struct; of an array: where the pointer is */
	size_t length;                /* of an array: where its length is, */
	size_t size;                  /* and the size of an element */
	const struct member *members; /* TYPE_OBJECT, TYPE_ARRAY, TYPE_FIRST */
	const char *says;             /* a sentence, in Markdown */
};

/* Each ends with a member without a name. */
extern const struct member record_members[];
extern const struct member frame_members[]; /* of chains */

#endif
