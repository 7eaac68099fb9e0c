/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the objects of a record hold: for each a table of its members, by name, kind and place. It
 * must not know how a member is written or read.
 */
#ifndef MIGPOP_OUTPUT_JSON_MEMBERS_H
#define MIGPOP_OUTPUT_JSON_MEMBERS_H

#include "record.h"

#include <stddef.h>

enum type {
	TYPE_STRING,
	TYPE_STATIC, /* one of a known set */
	TYPE_COUNT,  /* RECORD_UNKNOWN is null; not negative */
	TYPE_SIGNED, /* RECORD_UNKNOWN is null */
	TYPE_U32,
	TYPE_U64,
	TYPE_DOUBLE, /* NAN is null */
	TYPE_BOOL,
	TYPE_ACCESS,
	TYPE_CONTEXT,
};

struct member {
	const char *name;
	enum type type;
	enum record_name set;
	bool optional; /* left out where it is null, 0 or false */
	size_t offset;
};

/* Each ends with a member without a name. */
extern const struct member frame_members[];
extern const struct member backing_members[];
extern const struct member callsite_members[];
extern const struct member accounting_members[];
extern const struct member advice_members[];
extern const struct member thread_members[];
extern const struct member tick_members[];
extern const struct member phase_members[];
extern const struct member target_members[];
extern const struct member tool_members[];
extern const struct member host_members[];
extern const struct member mode_members[];
extern const struct member window_members[];
extern const struct member totals_members[];
extern const struct member lost_members[];
extern const struct member overhead_members[];

#endif
