// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options that several commands have.
 */
#include "cmd/options.h"

#include <string.h>

#include "cmd/cmd.h"
#include "tracer/tracer.h"

/* Keys of argp must differ among a command and its children. */
enum { KEY_COLOR = 0x1000, KEY_MODE, KEY_STACK, KEY_RULES };

static error_t screen__parse(int key, char *arg, struct argp_state *state)
{
	struct screen_options *o = state->input;
	bool color;

	switch (key) {
	case ARGP_KEY_INIT:
		quiet_argp(state);
		o->color = "auto";
		return 0;
	case KEY_COLOR:
		if (!parse_color(arg, &color))
			usage_fail("--color %s: neither auto, always nor never", arg);
		o->color = arg;
		return 0;
	case 'v':
		o->verbose = true;
		return 0;
	case 'q':
		o->quiet = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option screen_options[] = {
	{"color", KEY_COLOR, "WHEN", 0, "auto (default), always or never", 9},
	{"verbose", 'v', NULL, 0, "Print more on standard error", 9},
	{"quiet", 'q', NULL, 0, "Print nothing but errors on standard error", 9},
	{0},
};

const struct argp screen_argp = {screen_options, screen__parse, NULL, NULL, NULL, NULL, NULL};

bool screen__has_color(const struct screen_options *o)
{
	bool color = false;

	parse_color(o->color, &color);
	return color;
}

static enum stack_kind parse_stack(const char *word)
{
	for (enum stack_kind kind = STACK_NONE; kind <= STACK_CFI; kind++)
		if (!strcmp(word, stack__name(kind)))
			return kind;
	usage_fail("unknown stack: %s", word);
}

static error_t tracing__parse(int key, char *arg, struct argp_state *state)
{
	struct tracer_options *o = state->input;

	switch (key) {
	case KEY_MODE:
		o->mode = parse_mode(arg);
		return 0;
	case KEY_STACK:
		o->stack = parse_stack(arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option tracing_options[] = {
	{"mode", KEY_MODE, "MODE", 0, "auto (default), fentry, kprobe or tracepoint", 4},
	{"stack", KEY_STACK, "KIND", 0,
	 "Call chains: cfi (default), by call frame information; fp, by frame pointers; none", 4},
	{0},
};

const struct argp tracing_argp = {tracing_options, tracing__parse, NULL, NULL, NULL, NULL, NULL};

static error_t rules__parse(int key, char *arg, struct argp_state *state)
{
	if (key != KEY_RULES)
		return ARGP_ERR_UNKNOWN;
	rules_files__add(state->input, arg);
	return 0;
}

static const struct argp_option rules_options[] = {
	{"rules", KEY_RULES, "FILE", 0,
	 "Try the rules of FILE first to find categories (repeatable)", 3},
	{0},
};

const struct argp rules_argp = {rules_options, rules__parse, NULL, NULL, NULL, NULL, NULL};
