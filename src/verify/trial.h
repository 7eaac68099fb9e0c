/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One migration for a verdict: two QEMUs, both traced, one migrated to the other, and the guest's
 * memory compared at both ends. It must not know what is concluded from the results.
 */
#ifndef MIGPOP_VERIFY_TRIAL_H
#define MIGPOP_VERIFY_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "names.h"
#include "vmm/ram_backing.h"
#include "verify/verdict.h"

struct rules;

struct trial_options {
	const char *name; /* "stock" or "fixed" */
	const char *qemu;
	const char *preload; /* a library to preload; NULL: none */
	const char *migfix;  /* the value of MIGFIX for the library; NULL: not set */
	uint64_t memory;     /* in bytes */
	enum ram_backing backing;
	bool prealloc, churn, kvm;
	enum mode mode; /* mode of the tracer */
	const struct rules *rules;
	int signal_fd; /* readable when a signal came that ends the trial */
	/* Called with what is being done; may be NULL. */
	void (*progress)(const char *trial, const char *what);
};

struct trial_error {
	bool machine; /* true: the machine lacks something; false: a fault of ours or of QEMU */
	char text[768];
};

/* Runs the trial and stores its results in *out, which the caller must clear in either case.
 * Returns 0, or a negative errno with one line in "error". Ends all processes and removes all files
 * that it made. */
int trial__run(const struct trial_options *o, struct verify_run *out, struct trial_error *error);

/* Checks whether the machine has what the trial needs. Returns 0, or a negative errno with what is
 * missing in "error". */
int trial__check_machine(const struct trial_options *o, struct trial_error *error);

#endif
