/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One migration for a verdict: two QEMUs, both traced, one migrated to the other, and the content
 * of the guest on both ends compared. It must not know what is concluded from it.
 */
#ifndef MIGPOP_VERIFY_TRIAL_H
#define MIGPOP_VERIFY_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "names.h"
#include "qemu/ram_backing.h"
#include "verify/verdict.h"

struct rules;

struct trial_options {
	const char *name; /* "stock", "fixed" */
	const char *qemu;
	const char *preload; /* NULL: none */
	const char *migfix;  /* what it is to do; NULL: its own choice */
	uint64_t memory;     /* bytes */
	enum ram_backing backing;
	bool prealloc, churn, kvm;
	enum mode mode; /* of the tracer */
	const struct rules *rules;
	int signal_fd; /* of the signals that end it */
	/* Told what is going on; NULL: nobody is. */
	void (*progress)(const char *trial, const char *what);
};

struct trial_error {
	bool machine; /* that lacks something; else a fault of ours or of QEMU */
	char text[768];
};

/* What is measured goes into *out, to be cleared by its owner either way. 0, or a negative errno
 * and one line in "error". Nothing that was started or made is left behind. */
int trial__run(const struct trial_options *o, struct verify_run *out, struct trial_error *error);

/* Does the machine have what this trial needs? 0, or a negative errno and what is missing. */
int trial__check_machine(const struct trial_options *o, struct trial_error *error);

#endif
