/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the results of a replay as text and as JSON, schema "migpop.replay/1". It must not know
 * how they were found.
 */
#ifndef MIGPOP_REPLAY_REPORT_H
#define MIGPOP_REPLAY_REPORT_H

#include <stdio.h>

#include "output/text.h"
#include "record.h"
#include "replay/memory.h"
#include "stream/stream.h"

struct replay_report {
	const struct replay_memory *memory;
	bool digest; /* the SHA-256 of each block was computed, and is shown */
	const struct stream_info *stream;
	uint64_t ns;                 /* from the first byte until RAM is complete */
	const struct record *record; /* NULL without --trace */
};

/* Write the results to "f". Return 0 or a negative errno. */
int replay_report__json(const struct replay_report *r, FILE *f);
int replay_report__text(const struct replay_report *r, FILE *f, const struct text_options *opt);

#endif
