/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the reading of rules (rules_parse.c) and their matching (rules.c) share.
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
	const char *text; /* of the rule's line */
	bool is_glob;
};

/* Patterns of which one has to match. */
struct alternatives {
	struct pattern *v;
	size_t n;
};

struct condition {
	enum rule_field field;
	bool negated;
	struct alternatives *steps; /* RULE_IN: innermost first; one for any other field */
	size_t nr_steps;
	size_t min, max; /* RULE_DEPTH alone */
};

struct rule {
	char *line; /* cut into the strings below */
	const char *category;
	struct condition *conditions;
	size_t nr_conditions;
};

struct rules {
	struct rule *v;
	size_t n;
};

/* 0, with *@rule zeroed for a line that says nothing; -EINVAL with the reason in @why, or -ENOMEM.
 * @line is cut up and freed by rule__clear(), or here where there is no rule. */
int rule__parse(struct rule *rule, char *line, char *why, size_t why_size);
void rule__clear(struct rule *rule);

#endif
