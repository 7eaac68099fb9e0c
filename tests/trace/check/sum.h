/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rows of a record that an expectation picks out sum up to. Must not judge it.
 */
#ifndef CHECK_SUM_H
#define CHECK_SUM_H

#include "expectation.h"
#include "json.h"

#include <stdint.h>

/* What is known, and how much more it may be. */
struct sum {
	long long known;
	long long possible;
	bool unbounded; /* it may be any number more */
	bool has_null;
	bool ambiguous; /* a figure of more memory than was asked for, which cannot be told apart */
	size_t rows;
};

/* What of a call site some expectation picked out. */
struct marks {
	bool all;
	uint64_t backing; /* else these entries of it */
};

/* Of all rows of @record that @exp picks out. */
struct sum sum_up(const struct expectation *exp, struct json_object *record);

/* Notes in @marks, one for each call site of @record, what @exp picks out. */
void mark(const struct expectation *exp, struct json_object *record, struct marks *marks);
/* The same of all that is marked, each row and each part of it once. */
struct sum sum_marked(const struct column *column, struct json_object *record,
		      const struct marks *marks);

#endif
