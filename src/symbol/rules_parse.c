// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Parses one line of a rules file: a category and its conditions. It knows which conditions there
 * are, but not how they are matched, nor where lines come from.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "symbol/rules_internal.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

struct parser {
	char *why;
	size_t size;
};

static int parser__fail(const struct parser *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int parser__fail(const struct parser *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->why, p->size, format, args);
	va_end(args);
	return -EINVAL;
}

static int parser__no_memory(const struct parser *p)
{
	snprintf(p->why, p->size, "%s", strerror(ENOMEM));
	return -ENOMEM;
}

static bool is_access(const char *s)
{
	return names__value(NAMES_ACCESS, s) >= 0;
}

static bool is_context(const char *s)
{
	return names__value(NAMES_CONTEXT, s) >= 0;
}

static bool is_end(const char *s)
{
	return !strcmp(s, names__static(NAMES_CHAIN_END, s));
}

static bool is_kind(const char *s)
{
	return !strcmp(s, names__static(NAMES_KIND, s));
}

static const struct {
	const char *name;
	bool (*holds)(const char *); /* NULL: every name and pattern is allowed */
} fields[] = {
	[RULE_ACCESS] = {"access", is_access}, [RULE_CONTEXT] = {"context", is_context},
	[RULE_SYSCALL] = {"syscall", NULL},    [RULE_END] = {"end", is_end},
	[RULE_KIND] = {"kind", is_kind},       [RULE_DEPTH] = {"depth", NULL},
	[RULE_LEAF] = {"leaf", NULL},          [RULE_LEAF_MODULE] = {"leaf-module", NULL},
	[RULE_MODULE] = {"module", NULL},      [RULE_IN] = {"in", NULL},
};

void rule__clear(struct rule *rule)
{
	for (size_t i = 0; i < rule->nr_conditions; i++) {
		struct condition *c = &rule->conditions[i];

		for (size_t j = 0; j < c->nr_steps; j++)
			free(c->steps[j].v);
		free(c->steps);
	}
	free(rule->conditions);
	free(rule->line);
	memset(rule, 0, sizeof(*rule));
}

static size_t count(const char *s, const char *what)
{
	size_t n = 0;

	for (s = strstr(s, what); s; s = strstr(s + strlen(what), what))
		n++;
	return n;
}

/* Returns the text before the next separator, and removes the separator. *rest is what follows;
 * NULL at the end. */
static char *cut(char **rest, const char *separator)
{
	char *start = *rest, *end = strstr(start, separator);

	*rest = end ? end + strlen(separator) : NULL;
	if (end)
		*end = '\0';
	return start;
}

static int parse_alternatives(const struct parser *p, const struct condition *c,
			      struct alternatives *a, char *text)
{
	a->v = calloc(count(text, "|") + 1, sizeof(*a->v));
	if (!a->v)
		return parser__no_memory(p);
	while (text) {
		const char *one = cut(&text, "|");

		if (!*one)
			return parser__fail(p, "%s: a name is missing", fields[c->field].name);
		if (fields[c->field].holds && !fields[c->field].holds(one))
			return parser__fail(p, "%s is never %s", fields[c->field].name, one);
		a->v[a->n++] = (struct pattern){one, strpbrk(one, "*?[\\")};
	}
	return 0;
}

static int parse_steps(const struct parser *p, struct condition *c, char *text)
{
	size_t n = c->field == RULE_IN ? count(text, "<-") + 1 : 1;

	c->steps = calloc(n, sizeof(*c->steps));
	if (!c->steps)
		return parser__no_memory(p);
	while (c->nr_steps < n) {
		char *step = n > 1 ? cut(&text, "<-") : text;
		int err = parse_alternatives(p, c, &c->steps[c->nr_steps++], step);

		if (err)
			return err;
	}
	return 0;
}

static bool parse_number(const char **text, size_t *out)
{
	char *end;
	unsigned long n;

	if (!isdigit((unsigned char)**text))
		return false;
	n = strtoul(*text, &end, 10);
	*text = end;
	*out = n;
	return n <= UINT16_MAX;
}

/* Parses "4", "3-6" or "6-". */
static int parse_depth(const struct parser *p, struct condition *c, const char *text)
{
	const char *s = text;

	if (!parse_number(&s, &c->min))
		goto wrong;
	c->max = c->min;
	if (*s == '-') {
		s++;
		c->max = SIZE_MAX;
		if (*s && !parse_number(&s, &c->max))
			goto wrong;
	}
	if (!*s && c->min <= c->max)
		return 0;
wrong:
	return parser__fail(p, "depth is a number of frames, like 4, 3-6 or 6-, not %s", text);
}

static int parse_condition(const struct parser *p, struct condition *c, char *text)
{
	char *value = strchr(text, '=');

	if (!value)
		return parser__fail(p, "%s is no condition: in=, leaf=, access= and so on", text);
	*value++ = '\0';
	if (value - text >= 2 && value[-2] == '!') {
		value[-2] = '\0';
		c->negated = true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (strcmp(text, fields[i].name))
			continue;
		c->field = (enum rule_field)i;
		return c->field == RULE_DEPTH ? parse_depth(p, c, value) : parse_steps(p, c, value);
	}
	return parser__fail(p,
			    "no such condition: %s (there are access, context, syscall, end, kind, "
			    "depth, leaf, leaf-module, module, in)",
			    text);
}

/* The next word of *rest, without its quotes; NULL at the end of the line, before a comment, and if
 * a quote does not end: then *err is set. */
static char *next_word(const struct parser *p, char **rest, int *err)
{
	char *in = *rest + strspn(*rest, " \t\r"), *word = in, *out = in;
	bool quoted = false;

	if (!*in || *in == '#')
		return NULL;
	for (; *in && (quoted || !strchr(" \t\r", *in)); in++) {
		if (*in == '"')
			quoted = !quoted;
		else
			*out++ = *in;
	}
	*rest = *in ? in + 1 : in;
	*out = '\0';
	if (!quoted)
		return word;
	*err = parser__fail(p, "a quote does not end");
	return NULL;
}

static bool is_category(const char *s)
{
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len && !s[len] && s[0] != '-';
}

static int parse_conditions(const struct parser *p, struct rule *rule, char *rest)
{
	char *word;
	int err = 0;

	/* each condition has an '=', so there are no more conditions than '=' */
	rule->conditions = calloc(count(rest, "=") + 1, sizeof(*rule->conditions));
	if (!rule->conditions)
		return parser__no_memory(p);
	while (!err && (word = next_word(p, &rest, &err))) {
		err = parse_condition(p, &rule->conditions[rule->nr_conditions], word);
		rule->nr_conditions++;
	}
	if (!err && !rule->nr_conditions)
		return parser__fail(p, "%s has no condition, and would take every call site",
				    rule->category);
	return err;
}

int rule__parse(struct rule *rule, char *line, char *why, size_t why_size)
{
	const struct parser p = {why, why_size};
	char *rest = line, *word;
	int err = 0;

	memset(rule, 0, sizeof(*rule));
	rule->line = line;
	word = next_word(&p, &rest, &err);
	if (!word)
		goto out; /* an empty line, a comment, or an error */
	if (!is_category(word)) {
		err = parser__fail(&p, "%s is no category: lower-case letters, digits and -", word);
		goto out;
	}
	rule->category = word;
	err = parse_conditions(&p, rule, rest);
out:
	if (err || !rule->category)
		rule__clear(rule);
	return err;
}
