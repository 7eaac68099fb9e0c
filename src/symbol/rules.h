/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Categories of call sites, from files of rules that users extend: docs/categories.md. A function
 * of records alone: it knows neither how they are made nor how they are shown.
 */
#ifndef MIGPOP_SYMBOL_RULES_H
#define MIGPOP_SYMBOL_RULES_H

#include <stddef.h>

struct record;
struct rules;

/* NULL without memory. */
struct rules *rules__new(void);
void rules__free(struct rules *r);

/*
 * Add the rules of a file, or of every *.rules of a directory in the order of their names, behind
 * those that are there: the first that matches wins. 0; -EINVAL for a file that is no rules;
 * another negative errno for one that cannot be read. What is wrong and where is one line in @why;
 * of a file that fails nothing is added.
 */
int rules__add_file(struct rules *r, const char *path, char *why, size_t why_size);
int rules__add_directory(struct rules *r, const char *path, char *why, size_t why_size);

/*
 * What every command goes by: @files, then the rules of this machine (/etc/migpop/rules.d), then
 * the shipped ones: in $MIGPOP_RULES_DIR, else beside the program in a build tree, else where they
 * were installed. Without shipped rules -ENODATA. *@out is to be freed, NULL on failure.
 */
int rules__open(struct rules **out, const char *const *files, size_t nr_files, char *why,
		size_t why_size);

/* Sets the category of every call site, "other" where no rule matches. 0 or -ENOMEM. */
int rules__classify(const struct rules *rules, struct record *record);

#endif
