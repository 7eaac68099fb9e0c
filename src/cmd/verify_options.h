/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of migpop verify. Knows nothing of migrations.
 */
#ifndef MIGPOP_CMD_VERIFY_OPTIONS_H
#define MIGPOP_CMD_VERIFY_OPTIONS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "cmd/options.h"
#include "verify/trial.h"

struct verify_options {
	const char *record[NR_RUNS]; /* two saved records; NULL: make runs */
	/* These have the meaning they have in struct trial_options. */
	const char *qemu;
	uint64_t memory;
	enum ram_backing backing;
	bool prealloc, churn, kvm;
	enum mode mode;
	bool fix[NR_ENDS]; /* at which ends the fix is used */
	const char *preload, *fixed_qemu;
	const char *loader;         /* program of --routine populate; NULL: migrate */
	unsigned int discarded, of; /* of every "of" sections the first "discarded" are discarded */
	char default_preload[PATH_MAX], default_loader[PATH_MAX];
	double max_ratio;
	const char *json, *junit, *markdown; /* paths of outputs; NULL: not wanted */
	struct screen_options screen;
};

/* Reads the command line. If it is wrong, prints one line and ends the program. Returns STATUS_OK,
 * or the status to exit with. */
int verify_options__parse(struct verify_options *o, int argc, char **argv);

#endif
