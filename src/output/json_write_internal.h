/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The members of a record as JSON, for the data of a page as well, which says the same with fewer
 * bytes. It must not know what they are printed into.
 */
#ifndef MIGPOP_OUTPUT_JSON_WRITE_INTERNAL_H
#define MIGPOP_OUTPUT_JSON_WRITE_INTERNAL_H

#include "output/json_writer.h"
#include "record.h"

struct record_writer {
	struct writer w;
	/* What stands for a frame of a chain; NULL: an object with its members. */
	json_object *(*frame)(struct record_writer *rw, const struct record_frame *f);
};

/* All members of the record into @root. */
void record_writer__put(struct record_writer *rw, json_object *root, const struct record *r);
/* The frame's members into @object. */
void record_writer__frame(struct record_writer *rw, json_object *object,
			  const struct record_frame *f);

#endif
