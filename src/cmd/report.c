/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * migpop report: a record shown again, or summed another way. It only reads files: it must not know
 * how a record is made.
 */
#include "cmd/report.h"
#include "cmd/cmd.h"
#include "output/file.h"
#include "output/format.h"
#include "output/groups.h"
#include "output/json.h"
#include "output/text.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { EXIT_DONE = 0, EXIT_USAGE = 2, EXIT_FAULT = 4 };
enum { KEY_BY = 0x100, KEY_FORMAT, KEY_COLOR };

struct report_options {
	const char *input, *output, *color;
	bool grouped, json;
	enum group_by by;
};

static const struct argp_option options[] = {
	{"by", KEY_BY, "WHAT", 0, "Sum by callsite, category, backing or syscall", 0},
	{"format", KEY_FORMAT, "FORMAT", 0, "text (default) or json", 0},
	{"output", 'o', "FILE", 0, "Write to FILE instead of standard output", 0},
	{"color", KEY_COLOR, "WHEN", 0, "auto (default), always or never", 0},
	{"verbose", 'v', NULL, 0, "Say more on standard error", 0},
	{"quiet", 'q', NULL, 0, "Say nothing but errors on standard error", 0},
	{0},
};

static bool parse__by(struct report_options *o, const char *arg)
{
	for (int by = GROUP_BY_CALLSITE; by <= GROUP_BY_SYSCALL; by++) {
		if (strcmp(arg, group_by__name((enum group_by)by)) == 0) {
			o->by = (enum group_by)by;
			o->grouped = true;
			return true;
		}
	}
	return false;
}

static error_t parse__option(int key, char *arg, struct argp_state *state)
{
	struct report_options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		quiet_argp(state);
		return 0;
	case KEY_BY:
		if (strcmp(arg, "thread") == 0)
			usage_fail("--by thread: a record does not say which thread populated");
		else if (!parse__by(o, arg))
			usage_fail("--by %s: neither callsite, category, backing nor syscall", arg);
		return 0;
	case KEY_FORMAT:
		o->json = strcmp(arg, "json") == 0;
		if (!o->json && strcmp(arg, "text") != 0)
			usage_fail("--format %s: neither text nor json", arg);
		return 0;
	case KEY_COLOR:
		o->color = arg;
		if (strcmp(arg, "auto") != 0 && strcmp(arg, "always") != 0 &&
		    strcmp(arg, "never") != 0)
			usage_fail("--color %s: neither auto, always nor never", arg);
		return 0;
	case 'o':
		o->output = arg;
		return 0;
	case 'v':
	case 'q':
		return 0; /* there is nothing to say but errors */
	case ARGP_KEY_ARG:
		if (o->input)
			usage_fail("one FILE only, not also %s", arg);
		o->input = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		usage_fail("no FILE was given: migpop report FILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static struct text_options report__text_options(const struct report_options *o, FILE *f)
{
	bool terminal = isatty(fileno(f));
	const char *no_color = getenv("NO_COLOR");
	struct text_options opt = {.color = false};
	struct winsize size;

	if (strcmp(o->color, "always") == 0)
		opt.color = true;
	else if (strcmp(o->color, "auto") == 0)
		opt.color = terminal && !(no_color && no_color[0]);
	if (terminal && ioctl(fileno(f), TIOCGWINSZ, &size) == 0)
		opt.width = size.ws_col;
	return opt;
}

static int report__print(const struct report_options *o, const struct record *r, FILE *f)
{
	struct text_options text;
	struct groups g;
	int err;

	if (!o->grouped) {
		if (o->json)
			return output_json__write(r, f);
		text = report__text_options(o, f);
		return output_text__write(r, f, &text);
	}
	err = groups__make(&g, r, o->by);
	if (!err)
		err = o->json ? output_groups__json(&g, o->by, f)
			      : output_groups__text(&g, o->by, f);
	groups__clear(&g);
	return err;
}

/* File names come from outside as well. */
static void report__complain(const char *what, const char *name, const char *why)
{
	struct format_text t;

	format__clear(&t);
	format__add_name(&t, name);
	fprintf(stderr, "migpop: cannot %s %s: %s\n", what, t.s, why);
}

static bool errno__is_of_the_machine(int err)
{
	return err == -ENOMEM || err == -EIO || err == -ENOSPC || err == -EDQUOT ||
	       err == -EMFILE || err == -ENFILE;
}

int cmd_report(int argc, char **argv)
{
	static const struct argp argp = {
		options,
		parse__option,
		"FILE",
		"Show a record that migpop trace has written.\v"
		"FILE may be - for standard input. Without --by: the record as trace shows it.",
		NULL,
		NULL,
		NULL};
	struct report_options o = {.color = "auto"};
	struct output_file out = {0};
	struct record *r = NULL;
	char why[256];
	int err, status = EXIT_DONE;

	/* a closed pipe is an error like any other, to be said and returned */
	signal(SIGPIPE, SIG_IGN);
	if (argp_parse(&argp, argc, argv, 0, NULL, &o))
		return EXIT_USAGE;

	err = output_json__read(&r, o.input, why, sizeof(why));
	if (err) {
		report__complain("read", o.input, why);
		return errno__is_of_the_machine(err) ? EXIT_FAULT : EXIT_USAGE;
	}
	err = output_file__open(&out, o.output);
	if (err) {
		report__complain("write", o.output ? o.output : "standard output", strerror(-err));
		status = errno__is_of_the_machine(err) ? EXIT_FAULT : EXIT_USAGE;
		goto out;
	}
	err = report__print(&o, r, out.f);
	if (!err)
		err = output_file__commit(&out);
	if (err) {
		report__complain("write", o.output ? o.output : "standard output", strerror(-err));
		status = EXIT_FAULT;
	}
out:
	output_file__abort(&out);
	record__free(r);
	return status;
}
