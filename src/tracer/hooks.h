/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which hooks the kernel allows, found out by attaching a program to each of them alone. Nothing is
 * counted meanwhile.
 */
#ifndef MIGPOP_TRACER_HOOKS_H
#define MIGPOP_TRACER_HOOKS_H

#include <stdbool.h>
#include <stddef.h>

#include "names.h"

struct hook {
	char name[64];  /* the section of its programs: "tp_btf/mm_page_alloc" */
	enum mode mode; /* that needs it; MODE_AUTO: every mode does */
	bool optional;  /* tracing goes on without it, and knows less */
	int error;      /* 0, or a negative errno of the trial */
	char why[192];  /* what the kernel lacks or refuses; empty if only "error" tells */
};

/* Tries at most "max" hooks. Returns how many of "hooks" were filled, or a negative errno. */
int hooks__try(struct hook *hooks, size_t max);

#endif
