/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The members of the objects in a record: for each object a table with the name, type and place of
 * its members, and a sentence that says what each is. The writer, the reader, docs/record.md and
 * the JSON schema are all made from these tables. They must not know how a member is written or
 * read.
 */
#ifndef MIGPOP_OUTPUT_JSON_MEMBERS_H
#define MIGPOP_OUTPUT_JSON_MEMBERS_H

#include "names.h"
#include "record.h"

#include <stddef.h>

enum type {
	TYPE_SCHEMA, /* the schema's own name, which is not in the record */
	TYPE_STRING,
	TYPE_TIME,   /* a string with a time as RFC 3339 writes it */
	TYPE_WORD,   /* a static string of "set" */
	TYPE_ENUM,   /* a value of the enum of "set"; null if the value has no word */
	TYPE_COUNT,  /* not negative; null is RECORD_UNKNOWN */
	TYPE_SIGNED, /* null is RECORD_UNKNOWN */
	TYPE_U32,
	TYPE_U64,
	TYPE_DOUBLE, /* null is NAN */
	TYPE_BOOL,
	TYPE_OBJECT, /* an object whose "members" are in the same struct */
	TYPE_ARRAY,  /* an array of objects with "members" */
	TYPE_FIRST,  /* the first element of an array that another member has as a whole; null if it
			is empty */
	TYPE_STRINGS, /* an array of strings */
	TYPE_COUNTS,  /* an array of struct record_count, written as an object */
};

struct member {
	const char *name;
	enum type type;
	enum names_set set;           /* for TYPE_WORD and TYPE_ENUM */
	bool optional;                /* left out if it is null, 0 or false */
	size_t offset;                /* in the struct; for an array: where the pointer is */
	size_t length;                /* for an array: where its length is in the struct, */
	size_t size;                  /* and the size of an element */
	const struct member *members; /* for TYPE_OBJECT, TYPE_ARRAY and TYPE_FIRST */
	const char *says;             /* a sentence, in Markdown, for docs/record.md */
};

/* Each table ends with a member without a name. */
extern const struct member record_members[];
extern const struct member frame_members[]; /* the members of a frame in a chain */

#endif
