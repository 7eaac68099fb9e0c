/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parser of rules (rules_parse.c) and the matcher (rules.c) share.
 */
#ifndef MIGPOP_SYMBOL_RULES_INTERNAL_H
#define MIGPOP_SYMBOL_RULES_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

enum rule_field {
	RULE_ACCESS,
	RULE_CONTEXT,
	RULE_SYSCALL,
	RULE_END,
	RULE_KIND,
	RULE_DEPTH,
	RULE_LEAF,
	RULE_LEAF_MODULE,
	RULE_MODULE,
	RULE_IN,
};

struct pattern {
	const char *text; /* points into rule.line */
	bool is_glob;
};

/* Patterns, one of which must match. */
struct alternatives {
	struct pattern *v;
	size_t n;
};

struct condition {
	enum rule_field field;
	bool negated;
	/* RULE_IN: one for each step, innermost first; other fields: one */
	struct alternatives *steps;
	size_t nr_steps;
	size_t min, max; /* used by RULE_DEPTH only */
};

struct vmm;

struct rule {
	char *line; /* the line of the file, cut into the strings below */
	const char *category;
	const struct vmm *vmm; /* the rule is for targets that run this VMM; NULL: for all */
	struct condition *conditions;
	size_t nr_conditions;
};

struct rules {
	struct rule *v;
	size_t n;
};

/* Parses one line, which rule__clear() frees, or rule__parse() itself if the line has no rule.
 * Returns 0, with *rule zeroed if the line is empty or a comment; -EINVAL with the reason in "why";
 * or -ENOMEM. */
int rule__parse(struct rule *rule, char *line, char *why, size_t why_size);
void rule__clear(struct rule *rule);

#endif
