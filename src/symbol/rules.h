/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Categories of call sites, from files of rules that users can extend: docs/categories.md. Depends
 * on records alone; it knows neither how they are made nor how they are shown.
 */
#ifndef MIGPOP_SYMBOL_RULES_H
#define MIGPOP_SYMBOL_RULES_H

#include <stddef.h>

struct record;
struct rules;

/* An empty set of rules; NULL without memory. */
struct rules *rules__new(void);
void rules__free(struct rules *r);

/*
 * Add the rules of a file, or of every *.rules file of a directory in the order of their names,
 * after the rules that are there already. The first rule that matches wins. Return 0; -EINVAL if a
 * line is no rule; or another negative errno if a file cannot be read. "why" gets one line that
 * says what is wrong and where. If a file fails, none of its rules is added.
 */
int rules__add_file(struct rules *r, const char *path, char *why, size_t why_size);
int rules__add_directory(struct rules *r, const char *path, char *why, size_t why_size);

/*
 * Collects the rules that every command uses: those of "files", then those of this machine
 * (/etc/migpop/rules.d), then the shipped ones (in $MIGPOP_RULES_DIR, else beside the program in a
 * build tree, else where they were installed). Without shipped rules it returns -ENODATA. Free *out
 * with rules__free(); it is NULL on failure.
 */
int rules__open(struct rules **out, const char *const *files, size_t nr_files, char *why,
		size_t why_size);

/* Sets the category of every call site, "other" if no rule matches. Of the shipped rules, those of
 * the VMM count that the first target runs (src/vmm/vmm.h). Returns 0 or -ENOMEM. */
int rules__classify(const struct rules *rules, struct record *record);

#endif
