// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command line of migpop replay.
 */
#include <string.h>

#include <migfix_policy.h>

#include "cmd/cmd.h"
#include "cmd/replay_options.h"

static const char doc[] =
	"Be the destination of a QEMU migration: load the RAM of a stream with a chosen zero-page "
	"handler, and report what was populated.\v"
	"FILE is a precopy stream or a mapped-ram file; - is standard input. A source connects to "
	"URI: unix:PATH or tcp:HOST:PORT.";

enum {
	OPT_LISTEN = 256,
	OPT_BACKING,
	OPT_HANDLER,
	OPT_BATCH,
	OPT_TRACK,
	OPT_DIGEST,
	OPT_JSON,
	OPT_TRACE
};

static const struct argp_option argp_options[] = {
	{"listen", OPT_LISTEN, "URI", 0, "Wait for a source to connect to URI", 1},
	{"backing", OPT_BACKING, "KIND", 0,
	 "Memory to load into: memfd (default), ram, memfd-private, hugetlb or file (on tmpfs)", 2},
	{"handler", OPT_HANDLER, "POLICY", 0,
	 "How zero pages are made: auto (default), read-first or madvise-first", 2},
	{"batch", OPT_BATCH, "WHETHER", 0, "on or off: gather zero pages into runs", 2},
	{"track", OPT_TRACK, "WHETHER", 0,
	 "on or off: remember which pages were written. Unless given, --batch and --track are on "
	 "for auto, and off for the other policies, as in QEMU",
	 2},
	{"digest", OPT_DIGEST, 0, 0, "Print the SHA-256 of each RAM block's content", 3},
	{"trace", OPT_TRACE, 0, 0, "Trace the loading, and add the record", 3},
	{"json", OPT_JSON, 0, 0, "Write JSON", 3},
	{"output", 'o', "FILE", 0, "Write to FILE instead of standard output", 3},
	{0},
};

static enum migfix_policy parse_handler(const char *arg)
{
	enum migfix_policy policy;

	if (!migfix_policy__find(arg, &policy))
		usage_fail("unknown handler: %s", arg);
	return policy;
}

static bool parse_switch(const char *option, const char *arg)
{
	if (strcmp(arg, "on") && strcmp(arg, "off"))
		usage_fail("--%s %s: neither on nor off", option, arg);
	return !strcmp(arg, "on");
}

static void parse_path(struct replay_options *o, const char *arg)
{
	if (o->path)
		usage_fail("one stream only, not also %s", arg);
	o->path = arg;
}

static void set_defaults(struct replay_options *o)
{
	bool on = o->setup.handler == MIGFIX_POLICY_AUTO;

	if (!o->batch_given)
		o->setup.batch = on;
	if (!o->track_given)
		o->setup.track = on;
}

static void check_options(const struct replay_options *o)
{
	if (!o->path == !o->listen)
		usage_fail(o->path ? "either a file or --listen, not both"
				   : "no stream: give a file, - or --listen URI");
	if (o->listen && strncmp(o->listen, "unix:", 5) && strncmp(o->listen, "tcp:", 4))
		usage_fail("--listen %s: neither unix:PATH nor tcp:HOST:PORT", o->listen);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct replay_options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &o->screen;
		break;
	case OPT_LISTEN:
		o->listen = arg;
		break;
	case OPT_BACKING:
		o->setup.backing = parse_backing(arg);
		break;
	case OPT_HANDLER:
		o->setup.handler = parse_handler(arg);
		break;
	case OPT_BATCH:
		o->setup.batch = parse_switch("batch", arg);
		o->batch_given = true;
		break;
	case OPT_TRACK:
		o->setup.track = parse_switch("track", arg);
		o->track_given = true;
		break;
	case OPT_DIGEST:
		o->digest = true;
		break;
	case OPT_TRACE:
		o->trace = true;
		break;
	case OPT_JSON:
		o->json = true;
		break;
	case 'o':
		o->output = arg;
		break;
	case ARGP_KEY_ARG:
		parse_path(o, arg);
		break;
	case ARGP_KEY_END:
		check_options(o);
		set_defaults(o);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

int replay_options__parse(struct replay_options *o, int argc, char **argv)
{
	static const struct argp_child children[] = {{&screen_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {argp_options, parse, "[FILE]", doc, children, 0, 0};

	*o = (struct replay_options){0};
	return argp_parse(&argp, argc, argv, 0, NULL, o) ? STATUS_USAGE : STATUS_OK;
}
