/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * migpop report: shows a record again, or sums it up another way. It only reads files. It must not
 * know how a record is made.
 */
#include "cmd/report.h"
#include "cmd/cmd.h"
#include "cmd/inout.h"
#include "output/groups.h"
#include "symbol/rules.h"

#include <argp.h>
#include <signal.h>
#include <string.h>

enum { KEY_BY = 0x100, KEY_FORMAT, KEY_RULES };

struct report_options {
	const char *input;
	struct output_options output;
	const struct output_format *format;
	bool grouped;
	enum group_by by;
	struct rules_files rules;
};

static const struct argp_option options[] = {
	{"by", KEY_BY, "WHAT", 0, "Sum up by callsite, category, backing, thread or syscall", 0},
	{"format", KEY_FORMAT, "FORMAT", 0, "One of " OUTPUT_FORMATS " (text if not given)", 0},
	{"rules", KEY_RULES, "FILE", 0,
	 "Find categories again, trying the rules of FILE first (repeatable)", 0},
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
		state->child_inputs[0] = &o->output;
		return 0;
	case KEY_BY:
		if (!parse__by(o, arg))
			usage_fail(
				"--by %s: neither callsite, category, backing, thread nor syscall",
				arg);
		return 0;
	case KEY_FORMAT:
		o->format = parse_format(arg);
		return 0;
	case KEY_RULES:
		rules_files__add(&o->rules, arg);
		return 0;
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

/* Sums are not a record: only the formats with tables can show them. */
static void report__check(const struct report_options *o)
{
	const char *name = o->format->name;

	if (o->grouped && strcmp(name, "text") != 0 && strcmp(name, "json") != 0)
		usage_fail("--by goes with text and json only, not with --format %s", name);
}

static int report__groups(const struct report_options *o, const struct record *r, FILE *f)
{
	struct groups g;
	int err = groups__make(&g, r, o->by);

	if (!err)
		err = strcmp(o->format->name, "json") == 0 ? output_groups__json(&g, o->by, f)
							   : output_groups__text(&g, o->by, f);
	groups__clear(&g);
	return err;
}

/* Classifies call sites anew if the user gives rules; otherwise the record keeps its categories. */
static int report__classify(const struct report_options *o, struct record *r)
{
	struct rules *rules;
	int status, err;

	if (!o->rules.n)
		return STATUS_OK;
	status = rules_files__open(&o->rules, &rules);
	if (status)
		return status;
	err = rules__classify(rules, r);
	rules__free(rules);
	return err ? fail(STATUS_FAULT, "cannot classify %s: %s", o->input, strerror(-err))
		   : STATUS_OK;
}

int cmd_report(int argc, char **argv)
{
	static const struct argp_child children[] = {{&output_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {
		options,
		parse__option,
		"FILE",
		"Show a record that migpop trace has written.\v"
		"FILE may be - for standard input. Without --by: the record as trace shows it.",
		children,
		NULL,
		NULL};
	struct report_options o = {.format = output_format__find("text")};
	struct output_file out = {0};
	struct text_options text;
	struct record *r = NULL;
	int err, status;

	/* a closed pipe is an error like any other, to be reported */
	signal(SIGPIPE, SIG_IGN);
	if (argp_parse(&argp, argc, argv, 0, NULL, &o))
		return STATUS_USAGE;
	report__check(&o);
	status = input__read(&r, o.input);
	if (!status && o.grouped && o.by == GROUP_BY_THREAD && !r->nr_threads && r->nr_callsites)
		status = fail(STATUS_USAGE, "--by thread: %s does not say which thread populated",
			      o.input);
	if (!status)
		status = report__classify(&o, r);
	if (!status)
		status = output__open(&out, o.output.path, o.format);
	if (status)
		goto out;
	text = output__text_options(&out, o.output.screen.color);
	err = o.grouped ? report__groups(&o, r, out.f)
			: output_format__write(o.format, r, out.f, &text);
	status = output__finish(&out, o.output.path, err);
out:
	record__free(r);
	return status;
}
