/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * migpop diff: shows two records side by side. It only reads files. It must not know how a record
 * is made, and does not judge what it shows.
 */
#include "cmd/cmd.h"
#include "cmd/inout.h"
#include "output/diff.h"

#include <signal.h>
#include <string.h>

enum { KEY_FORMAT = 0x100, KEY_COLOR };

struct diff_options {
	const char *input[2];
	struct output_options output;
	bool json;
};

static const struct argp_option options[] = {
	{"format", KEY_FORMAT, "FORMAT", 0, "text (default) or json", 0},
	{0},
};

static void parse__input(struct diff_options *o, const char *arg)
{
	if (o->input[DIFF_FIXED])
		usage_fail("two files only, not also %s", arg);
	o->input[o->input[DIFF_BASE] ? DIFF_FIXED : DIFF_BASE] = arg;
}

static error_t parse__option(int key, char *arg, struct argp_state *state)
{
	struct diff_options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		quiet_argp(state);
		state->child_inputs[0] = &o->output;
		return 0;
	case KEY_FORMAT:
		o->json = strcmp(arg, "json") == 0;
		if (!o->json && strcmp(arg, "text") != 0)
			usage_fail("--format %s: neither text nor json", arg);
		return 0;
	case ARGP_KEY_ARG:
		parse__input(o, arg);
		return 0;
	case ARGP_KEY_END:
		if (!o->input[DIFF_FIXED])
			usage_fail("two files are needed: migpop diff BASE FIXED");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int write_diff(const struct diff_options *o, const struct record *base,
		      const struct record *fixed)
{
	struct output_file out;
	struct text_options text;
	struct diff d;
	int status, err;

	if (base->host_page_size && fixed->host_page_size &&
	    base->host_page_size != fixed->host_page_size)
		return fail(STATUS_USAGE, "cannot compare pages of %u bytes with pages of %u",
			    base->host_page_size, fixed->host_page_size);
	status = output__open(&out, o->output.path, NULL);
	if (status)
		return status;
	text = output__text_options(&out, o->output.screen.color);
	err = diff__make(&d, base, fixed);
	if (!err)
		err = o->json ? output_diff__json(&d, out.f) : output_diff__text(&d, out.f, &text);
	diff__clear(&d);
	return output__finish(&out, o->output.path, err);
}

int cmd_diff(int argc, char **argv)
{
	static const struct argp_child children[] = {{&output_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {
		options,
		parse__option,
		"BASE FIXED",
		"Two records that migpop trace has written, side by side, largest change first.\v"
		"Call sites are matched by the names of their functions. One file may be - for "
		"standard input.",
		children,
		NULL,
		NULL};
	struct diff_options o = {0};
	struct record *base = NULL, *fixed = NULL;
	int status;

	signal(SIGPIPE, SIG_IGN);
	if (argp_parse(&argp, argc, argv, 0, NULL, &o))
		return STATUS_USAGE;
	status = input__read(&base, o.input[DIFF_BASE]);
	if (!status)
		status = input__read(&fixed, o.input[DIFF_FIXED]);
	if (!status)
		status = write_diff(&o, base, fixed);
	record__free(base);
	record__free(fixed);
	return status;
}
