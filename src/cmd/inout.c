/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads records and writes results, with the exit statuses that all commands share.
 */
#include "cmd/inout.h"
#include "cmd/cmd.h"
#include "output/json.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const struct argp_option output_argp_options[] = {
	{"output", 'o', "FILE", 0, "Write to FILE instead of standard output", 1},
	{0},
};

static error_t output_argp__parse(int key, char *arg, struct argp_state *state)
{
	struct output_options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &o->screen;
		return 0;
	case 'o':
		o->path = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child output_argp_children[] = {{&screen_argp, 0, NULL, 0}, {0}};

const struct argp output_argp = {
	output_argp_options, output_argp__parse, NULL, NULL, output_argp_children, NULL, NULL};

static int errno__status(int err)
{
	switch (-err) {
	case ENOMEM:
	case EIO:
	case ENOSPC:
	case EDQUOT:
	case EMFILE:
	case ENFILE:
		return STATUS_FAULT;
	default:
		return STATUS_USAGE;
	}
}

static const char *output__name(const char *path)
{
	return path && strcmp(path, "-") != 0 ? path : "standard output";
}

const struct output_format *parse_format(const char *name)
{
	const struct output_format *format = output_format__find(name);

	if (!format)
		usage_fail("unknown format: %s (one of " OUTPUT_FORMATS ")", name);
	return format;
}

int input__read(struct record **r, const char *path)
{
	char why[256];
	int err = output_json__read(r, path, why, sizeof(why));

	return err ? fail(errno__status(err), "cannot read %s: %s", path, why) : STATUS_OK;
}

int output__open(struct output_file *out, const char *path, const struct output_format *format)
{
	int err = output_file__open(out, path);

	if (err)
		return fail(errno__status(err), "cannot write %s: %s", output__name(path),
			    strerror(-err));
	if (format && output_format__upsets(format, out->f)) {
		output_file__abort(out);
		return fail(STATUS_USAGE,
			    "--format %s is binary and not for a terminal: give -o FILE",
			    format->name);
	}
	return STATUS_OK;
}

int output__finish(struct output_file *out, const char *path, int err)
{
	if (!err)
		err = output_file__commit(out);
	output_file__abort(out);
	return err ? fail(STATUS_FAULT, "cannot write %s: %s", output__name(path), strerror(-err))
		   : STATUS_OK;
}

struct text_options output__text_options(const struct output_file *out, const char *color)
{
	bool terminal = isatty(fileno(out->f));
	struct text_options opt = {.color = false};
	struct winsize size;

	/* "auto" looks at standard output, which this may not be */
	if (parse_color(color, &opt.color) && strcmp(color, "auto") == 0)
		opt.color = opt.color && terminal;
	if (terminal && ioctl(fileno(out->f), TIOCGWINSZ, &size) == 0)
		opt.width = size.ws_col;
	return opt;
}
