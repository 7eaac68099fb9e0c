/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the command line of migpop verify says. Knows nothing of migrations.
 */
#ifndef MIGPOP_CMD_VERIFY_OPTIONS_H
#define MIGPOP_CMD_VERIFY_OPTIONS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "verify/trial.h"

struct verify_options {
	const char *record[NR_RUNS]; /* of saved ones; NULL: migrate */
	/* The fields of a trial that both have in common. */
	const char *qemu;
	uint64_t memory;
	enum ram_backing backing;
	bool prealloc, churn, kvm;
	enum mode mode;
	bool fix[NR_ENDS]; /* where it is to work */
	const char *preload, *fixed_qemu;
	const char *loader;         /* of --routine populate; NULL: migrate */
	unsigned int discarded, of; /* of its sections */
	char default_preload[PATH_MAX], default_loader[PATH_MAX];
	double max_ratio;
	const char *json, *junit, *markdown; /* where to; NULL: nowhere */
	const char *color;
	bool quiet, verbose;
};

/* Ends the program with one line where the command line is wrong. STATUS_OK, or the status to end
 * with. */
int verify_options__parse(struct verify_options *o, int argc, char **argv);

#endif
