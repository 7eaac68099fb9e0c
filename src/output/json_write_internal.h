/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the members of a record as JSON. The data of the HTML page use it too, and replace each
 * frame by a number. It must not know what the JSON is printed into.
 */
#ifndef MIGPOP_OUTPUT_JSON_WRITE_INTERNAL_H
#define MIGPOP_OUTPUT_JSON_WRITE_INTERNAL_H

#include "output/json_writer.h"
#include "record.h"

struct record_writer {
	struct writer w;
	/* Returns what is written for a frame of a chain; NULL: write an object with its members.
	 * */
	json_object *(*frame)(struct record_writer *rw, const struct record_frame *f);
};

/* Adds all members of the record to "root". */
void record_writer__put(struct record_writer *rw, json_object *root, const struct record *r);
/* Adds the members of the frame to "object". */
void record_writer__frame(struct record_writer *rw, json_object *object,
			  const struct record_frame *f);

#endif
