/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compares the sparse populate routine with the loop that it replaces: a loader populates a region
 * with discarded sections, once with the loop and once with the routine, under the tracer. It must
 * not know what is concluded.
 */
#ifndef MIGPOP_VERIFY_ROUTINE_H
#define MIGPOP_VERIFY_ROUTINE_H

#include "verify/trial.h"
#include "verify/verdict.h"

struct routine_options {
	const char *loader; /* path of the program */
	bool by_routine;    /* true: with the routine; false: with the loop */
	uint64_t memory;
	enum ram_backing backing;
	/* of every "of" sections of 2 MiB the first "discarded" are discarded */
	unsigned int discarded, of;
	enum mode mode;
	const struct rules *rules;
	int signal_fd;
};

/* Runs the loader and stores its record and RSS in *out. Returns as trial__run() does. */
int routine__run(const struct routine_options *o, struct verify_end *out,
		 struct trial_error *error);

/* What the sections that are not discarded should get. */
struct routine_expectation {
	int64_t pages;  /* pages populated by reading; 0 if a read maps the shared zero page */
	int64_t tables; /* page tables, one for each section */
};
struct routine_expectation routine__expect(const struct routine_options *o);

/* Judges the two runs. The loader's figures are stored as those of the destination; "stock" is the
 * loop, "fixed" the routine. */
void routine__judge(const struct verification *v, const struct routine_expectation *expected,
		    struct verify_judgement *j);

#endif
