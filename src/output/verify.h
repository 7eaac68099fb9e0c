/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the verdict of migpop verify as text, JSON (schema "migpop.verify/1"), JUnit XML and
 * Markdown. It must not know how the verdict was reached.
 */
#ifndef MIGPOP_OUTPUT_VERIFY_H
#define MIGPOP_OUTPUT_VERIFY_H

#include "output/format.h"
#include "output/text.h"
#include "verify/verdict.h"

#include <stdio.h>

#define VERIFY_SCHEMA "migpop.verify/1"

/* What migpop verify migrated. */
struct verify_setup {
	const char *qemu, *backing, *guest, *accel;
	const char *fixed_by; /* the name of the library, or of the other QEMU */
	const char *fix;      /* "dst", "src", "both" */
	int64_t memory;       /* bytes */
	bool prealloc;
	bool routine; /* the populate routine was compared with the loop; nothing was migrated */
	unsigned int discarded, of;
};

struct verify_report {
	const struct verification *v;
	const struct verify_judgement *j;
	const struct verify_setup *setup; /* NULL if saved records were judged */
};

/* Write the verdict to "f". Return 0 or a negative errno. */
int output_verify__text(const struct verify_report *r, FILE *f, const struct text_options *opt);
int output_verify__json(const struct verify_report *r, FILE *f);
int output_verify__junit(const struct verify_report *r, FILE *f);
int output_verify__markdown(const struct verify_report *r, FILE *f);

/* A row of the table in text and Markdown: a name, a cell for each run, and a remark. */
struct verify_row {
	const char *name; /* a static string */
	char cell[NR_RUNS][64];
	char remark[64];
};
enum { VERIFY_MAX_ROWS = 10 };
size_t verify_rows__make(const struct verify_report *r, struct verify_row rows[VERIFY_MAX_ROWS]);

/* Stores in "t" what the fix printed at this end. Returns false if it printed nothing, or the same
 * as at the end before. */
bool verify__said(const struct verify_report *r, enum verify_end_id end, struct format_text *t);

/* The heading of a column. */
const char *verify__run_name(const struct verify_report *r, enum verify_run_id run);

/* Stores in "t" one line, without a newline, that says what was migrated. */
void verify__describe(const struct verify_report *r, struct format_text *t);

#endif
