// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command line of migpop verify.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/verify_options.h"
#include "verify/guest/churn.h"

#define HUGE_PAGE    (2ULL << 20)
#define PRELOAD_NAME "libmigfix-preload.so"
#define LOADER_NAME  "migpop-populate"

static const char doc[] =
	"Does a fix reduce population, and is memory intact? Migrates a QEMU twice, without and "
	"with the fix, traces both ends, and compares the guest's memory byte for byte. Given two "
	"records of migpop trace, judges by these alone.\v"
	"Verdict: fixed or already-sparse (exit status 0), not-fixed, corrupt or unbalanced (1).";

enum {
	OPT_QEMU = 256,
	OPT_MEMORY,
	OPT_BACKING,
	OPT_PREALLOC,
	OPT_GUEST,
	OPT_ACCEL,
	OPT_FIX,
	OPT_MAX_RATIO,
	OPT_MODE,
	OPT_PRELOAD,
	OPT_FIXED_QEMU,
	OPT_ROUTINE,
	OPT_DISCARDED,
	OPT_JUNIT,
	OPT_MARKDOWN
};

static const struct argp_option argp_options[] = {
	{"qemu", OPT_QEMU, "PATH", 0, "The emulator (default qemu-system-x86_64)", 1},
	{"memory", OPT_MEMORY, "SIZE", 0, "Size of the guest's memory (default 1G)", 1},
	{"backing", OPT_BACKING, "KIND", 0,
	 "memfd (default), ram, memfd-private, hugetlb or file (on tmpfs)", 1},
	{"prealloc", OPT_PREALLOC, NULL, 0, "Populate the guest's memory from the start", 1},
	{"guest", OPT_GUEST, "WHAT", 0,
	 "idle (default), or churn: writes and zeroes pages in turn, for three rounds of precopy",
	 1},
	{"accel", OPT_ACCEL, "KIND", 0, "tcg (default) or kvm", 1},
	{"fix", OPT_FIX, "WHERE", 0, "dst, src or both (default): which end is to be fixed", 2},
	{"preload", OPT_PRELOAD, "FILE", 0,
	 "The fix: a library to preload (default: the " PRELOAD_NAME " that comes with migpop)", 2},
	{"fixed-qemu", OPT_FIXED_QEMU, "PATH", 0, "The fix: a QEMU that has one built in", 2},
	{"routine", OPT_ROUTINE, "populate", 0,
	 "Compare the sparse populate routine with the loop that it replaces, instead of migrating",
	 2},
	{"discarded", OPT_DISCARDED, "A/B", 0,
	 "Discard A of every B sections of the routine's memory (default 7/8)", 2},
	{"max-ratio", OPT_MAX_RATIO, "R", 0,
	 "Most zero pages that the fix may populate, as a ratio to those without it (default 0.01)",
	 2},
	{"mode", OPT_MODE, "MODE", 0, "How to trace: auto (default), fentry, kprobe or tracepoint",
	 2},
	{"output", 'o', "FILE", 0, "Write the verdict to FILE as JSON", 3},
	{"junit", OPT_JUNIT, "FILE", 0, "Write the verdict to FILE as JUnit XML", 3},
	{"markdown", OPT_MARKDOWN, "FILE", 0, "Write the verdict to FILE as Markdown", 3},
	{0},
};

static const char *const guests[] = {"idle", "churn", NULL};
static const char *const accels[] = {"tcg", "kvm", NULL};
static const char *const routines[] = {"populate", NULL};
static const char *const fixes[] = {"dst", "src", "both", NULL};

static int parse_word(const char *option, const char *word, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(word, words[i]))
			return i;
	usage_fail("%s does not know %s", option, word);
}

static uint64_t parse_memory(const char *text)
{
	uint64_t n = parse_size(text);

	if (!n || n % HUGE_PAGE)
		usage_fail("--memory %s: not a size in multiples of 2 MiB", text);
	return n;
}

static double parse_ratio(const char *text)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || *end || !(n >= 0 && n <= 1))
		usage_fail("--max-ratio %s: not from 0 to 1", text);
	return n;
}

static void parse_record(struct verify_options *o, const char *arg)
{
	if (o->record[RUN_FIXED])
		usage_fail("two records only, not also %s", arg);
	o->record[o->record[RUN_STOCK] ? RUN_FIXED : RUN_STOCK] = arg;
}

/* The path of a file that comes with migpop: beside the program in a build folder, else where it is
 * installed. */
static const char *find_file(const char *name, const char *installed, char *path, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", path, size - 1);

	if (len > 0) {
		char *slash;

		path[len] = '\0';
		slash = strrchr(path, '/');
		snprintf(slash, size - (size_t)(slash - path), "/fix/%s", name);
		if (!access(path, R_OK))
			return path;
	}
	snprintf(path, size, "%s/%s", installed, name);
	return path;
}

/* Parses a fraction such as "7/8". */
static void parse_fraction(struct verify_options *o, const char *text)
{
	char rest;

	if (sscanf(text, "%u/%u%c", &o->discarded, &o->of, &rest) != 2 || !o->of ||
	    o->discarded > o->of || o->of > 4096)
		usage_fail("--discarded %s: not a fraction such as 7/8", text);
}

static void check_saved(const struct verify_options *o, bool live)
{
	if (!o->record[RUN_FIXED])
		usage_fail("two records are needed: migpop verify BASE FIXED");
	if (live)
		usage_fail("two records are judged as they are: no option says how to migrate");
}

static void check_options(struct verify_options *o, bool live, bool migrates)
{
	if (o->record[RUN_STOCK]) {
		check_saved(o, live);
		return;
	}
	if (o->loader) {
		if (migrates)
			usage_fail("--routine populate migrates nothing: no option says how to");
		if (o->backing == BACKING_FILE)
			usage_fail("--routine populate knows no --backing file");
		return;
	}
	if (o->churn && o->memory < GUEST_CHURN_END + (28ULL << 20))
		usage_fail("--guest churn writes 99 MiB: give it a --memory of 128M or more");
	if (!o->preload && !o->fixed_qemu)
		o->preload = find_file(PRELOAD_NAME, MIGPOP_LIB_DIR, o->default_preload,
				       sizeof(o->default_preload));
}

struct parsing {
	struct verify_options *o;
	bool live;     /* an option was given that is only for runs of our own … */
	bool migrates; /* … and it is about migrations */
};

/* Parses an option that is only for runs of our own. Returns false if it is another option. */
static bool parse_live(struct verify_options *o, int key, const char *arg)
{
	int which;

	switch (key) {
	case OPT_QEMU:
		o->qemu = arg;
		return true;
	case OPT_MEMORY:
		o->memory = parse_memory(arg);
		return true;
	case OPT_BACKING:
		o->backing = parse_backing(arg);
		return true;
	case OPT_PREALLOC:
		o->prealloc = true;
		return true;
	case OPT_GUEST:
		o->churn = parse_word("--guest", arg, guests);
		return true;
	case OPT_ACCEL:
		o->kvm = parse_word("--accel", arg, accels);
		return true;
	case OPT_FIX:
		which = parse_word("--fix", arg, fixes);
		o->fix[END_DESTINATION] = which != 1;
		o->fix[END_SOURCE] = which != 0;
		return true;
	case OPT_PRELOAD:
		o->preload = arg;
		return true;
	case OPT_FIXED_QEMU:
		o->fixed_qemu = arg;
		return true;
	case OPT_ROUTINE:
		parse_word("--routine", arg, routines);
		o->loader = find_file(LOADER_NAME, MIGPOP_LIBEXEC_DIR, o->default_loader,
				      sizeof(o->default_loader));
		return true;
	case OPT_DISCARDED:
		parse_fraction(o, arg);
		return true;
	case OPT_MODE:
		o->mode = parse_mode(arg);
		return true;
	default:
		return false;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parsing *p = state->input;
	struct verify_options *o = p->o;

	if (parse_live(o, key, arg)) {
		p->live = true;
		p->migrates = p->migrates ||
			      (key != OPT_MEMORY && key != OPT_BACKING && key != OPT_ROUTINE &&
			       key != OPT_DISCARDED && key != OPT_MODE);
		return 0;
	}
	switch (key) {
	case OPT_MAX_RATIO:
		o->max_ratio = parse_ratio(arg);
		return 0;
	case OPT_JUNIT:
		o->junit = arg;
		return 0;
	case OPT_MARKDOWN:
		o->markdown = arg;
		return 0;
	case 'o':
		o->json = arg;
		return 0;
	case ARGP_KEY_ARG:
		parse_record(o, arg);
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &o->screen;
		return 0;
	case ARGP_KEY_END:
		check_options(o, p->live, p->migrates);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int verify_options__parse(struct verify_options *o, int argc, char **argv)
{
	static const struct argp_child children[] = {{&screen_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {argp_options, parse, "[BASE FIXED]", doc, children, 0, 0};
	struct parsing p = {.o = o};

	memset(o, 0, sizeof(*o));
	o->qemu = "qemu-system-x86_64";
	o->memory = 1ULL << 30;
	o->fix[END_SOURCE] = o->fix[END_DESTINATION] = true;
	o->max_ratio = 0.01;
	o->discarded = 7;
	o->of = 8;
	return argp_parse(&argp, argc, argv, 0, NULL, &p) ? STATUS_USAGE : STATUS_OK;
}
