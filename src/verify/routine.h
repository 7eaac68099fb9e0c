/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sparse populate routine beside the loop that it replaces: a loader populates a region with
 * discarded sections, once by either, under the tracer. It must not know what is concluded.
 */
#ifndef MIGPOP_VERIFY_ROUTINE_H
#define MIGPOP_VERIFY_ROUTINE_H

#include "verify/trial.h"
#include "verify/verdict.h"

struct routine_options {
	const char *loader; /* the program */
	bool by_routine;    /* else by the loop */
	uint64_t memory;
	enum ram_backing backing;
	unsigned int discarded, of; /* sections of 2 MiB */
	enum mode mode;
	const struct rules *rules;
	int signal_fd;
};

/* The loader's record and RSS into *out. As trial__run() fails. */
int routine__run(const struct routine_options *o, struct verify_end *out,
		 struct trial_error *error);

/* What the kept sections are to get, in pages. */
struct routine_expectation {
	int64_t pages; /* populated by reading: all theirs; none where reading maps the zero page */
	int64_t tables; /* page tables, one a section */
};
struct routine_expectation routine__expect(const struct routine_options *o);

/* The loader's figures are those of the destination; stock is the loop, fixed the routine. */
void routine__judge(const struct verification *v, const struct routine_expectation *expected,
		    struct verify_judgement *j);

#endif
