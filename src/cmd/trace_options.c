// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command line of migpop trace.
 */
#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/inout.h"
#include "cmd/options.h"
#include "cmd/trace_options.h"
#include "proc/cgroup.h"
#include "proc/process.h"

static const char doc[] =
	"Trace one or more processes, and attribute every populated page to a call site.\v"
	"TARGET: -p, -c, --incoming or a command after --. WINDOW: from "
	"attaching until Ctrl-C or the "
	"target's end, unless -d, --qmp or --phase says otherwise.";

enum {
	OPT_INCOMING = 256,
	OPT_QMP,
	OPT_PHASE,
	OPT_FORMAT,
	OPT_SAVE,
	OPT_MAX_SITES,
	OPT_DEBUG_DIR,
	OPT_DEBUGINFOD
};

static const struct argp_option argp_options[] = {
	{"pid", 'p', "PID", 0, "Trace this process (repeatable)", 1},
	{"cgroup", 'c', "CGROUP", 0, "Trace the processes of this cgroup, and their children", 1},
	{"incoming", OPT_INCOMING, 0, 0,
	 "Wait for the first migration that a QEMU of this host receives, even a QEMU that is "
	 "started later, and trace it; implies --phase auto",
	 1},
	{"guest", 'g', "GUEST", 0,
	 "With --incoming: wait for a migration of the guest with this name or UUID", 1},
	{"duration", 'd', "SECONDS", 0, "Close the window after SECONDS", 2},
	{"qmp", OPT_QMP, "SOCKET", 0,
	 "As --phase auto, for the process that this monitor belongs to; the monitor tells phases, "
	 "the outcome and QEMU's own figures",
	 2},
	{"phase", OPT_PHASE, "auto", 0,
	 "Open and close the window with a migration, recognised by QEMU's threads and stream; no "
	 "monitor is asked",
	 2},
	{"output", 'o', "FILE", 0, "Write to FILE instead of standard output", 3},
	{"format", OPT_FORMAT, "FORMAT", 0, "One of " OUTPUT_FORMATS " (text if not given)", 3},
	{"save", OPT_SAVE, "FILE", 0,
	 "Also write the record to FILE as JSON, for report, diff and verify", 3},
	{"interval", 'i', "SECONDS", 0,
	 "Print a line of rates every SECONDS, on stderr if the record goes to stdout", 3},
	{"max-sites", OPT_MAX_SITES, "N", 0, "Keep room for N call sites (default 16384)", 4},
	{"debug-dir", OPT_DEBUG_DIR, "DIR", 0,
	 "Look for separate debug files in DIR before /usr/lib/debug", 4},
	{"debuginfod", OPT_DEBUGINFOD, 0, 0,
	 "Ask the servers of DEBUGINFOD_URLS for debug files; without this option no request is "
	 "made",
	 4},
	{0},
};

static bool parse_number(const char *text, double low, double high, double *out)
{
	char *end;

	errno = 0;
	*out = strtod(text, &end);
	return !errno && end != text && !*end && *out >= low && *out <= high;
}

static bool add_pid(struct trace_options *o, pid_t pid)
{
	for (size_t i = 0; i < o->nr_pids; i++)
		if (o->pids[i] == pid)
			return true;
	if (o->nr_pids == TARGETS_MAX)
		return false;
	o->pids[o->nr_pids++] = pid;
	return true;
}

/* Called if a target cannot be found. The surroundings of this process may be the cause, such as
 * /proc not being mounted: report them first. */
static void check_sight(void)
{
	int status = check_surroundings();

	if (status)
		exit(status);
}

static void parse_pid(struct trace_options *o, const char *text)
{
	double number;
	pid_t tgid;

	if (!parse_number(text, 1, 4194304, &number) || number != floor(number))
		usage_fail("not a process id: %s", text);
	tgid = proc__tgid((pid_t)number);
	if (tgid < 0) {
		check_sight();
		usage_fail("no such process: %s", text);
	}
	if (!add_pid(o, tgid))
		usage_fail("more than %d targets", TARGETS_MAX);
}

static int add_process(pid_t pid, void *data)
{
	struct trace_options *o = data;

	return add_pid(o, pid) ? 0 : -E2BIG;
}

static void parse_cgroup(struct trace_options *o, const char *cgroup)
{
	size_t before = o->nr_pids;
	int err = cgroup__each_process(cgroup, add_process, o);

	if (err == -E2BIG)
		usage_fail("more than %d targets", TARGETS_MAX);
	if (err)
		check_sight();
	if (err == -ENOENT)
		usage_fail("no such cgroup: %s", cgroup);
	if (err)
		usage_fail("cannot read cgroup %s: %s", cgroup, strerror(-err));
	if (o->nr_pids == before)
		usage_fail("no process in cgroup %s, nor below it", cgroup);
	o->tracer.follow_children = true;
}

static void check_options(const struct trace_options *o)
{
	if (!o->nr_pids && !o->command && !o->incoming && !o->qmp_path)
		usage_fail("nothing to trace: give -p PID, -c CGROUP, --incoming, --qmp SOCKET or "
			   "-- COMMAND");
	if (o->qmp_path && (o->command || o->nr_pids > 1))
		usage_fail("--qmp goes with one QEMU that runs already: the one whose monitor it "
			   "is");
	if (o->incoming && (o->nr_pids || o->command || o->qmp_path || o->interval > 0))
		usage_fail("--incoming goes without other targets, --qmp and -i");
	if (o->guest && !o->incoming)
		usage_fail("-g goes with --incoming");
	if (o->qmp_path && o->tracer.windowed)
		usage_fail("either --qmp or --phase auto, not both");
	if (!o->incoming && o->tracer.windowed && o->nr_pids != 1)
		usage_fail("--phase auto goes with one -p PID");
	if (o->nr_pids && o->command)
		usage_fail("either a command or -p and -c, not both");
}

static double parse_seconds(const char *text, double least, double most)
{
	double seconds;

	if (!parse_number(text, least, most, &seconds))
		usage_fail("not a number of seconds: %s", text);
	return seconds;
}

/* Parses an option that says what is traced, and when. Returns false if it is another option. */
static bool parse_target(struct trace_options *o, int key, const char *arg)
{
	switch (key) {
	case 'p':
		parse_pid(o, arg);
		return true;
	case 'c':
		parse_cgroup(o, arg);
		return true;
	case 'd':
		o->duration = parse_seconds(arg, 0.001, 1e9);
		return true;
	case 'g':
		o->guest = arg;
		return true;
	case OPT_INCOMING:
		o->incoming = true;
		o->tracer.windowed = true;
		o->tracer.arm_started = AWAITS_STREAM;
		return true;
	case OPT_QMP:
		o->qmp_path = arg;
		return true;
	case OPT_PHASE:
		if (strcmp(arg, "auto"))
			usage_fail("unknown phase: %s", arg);
		o->tracer.windowed = true;
		return true;
	default:
		return false;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct trace_options *o = state->input;
	double number;

	if (parse_target(o, key, arg))
		return 0;
	switch (key) {
	case 'i':
		o->interval = parse_seconds(arg, 0.05, 1e6);
		break;
	case 'o':
		o->output = arg;
		break;
	case OPT_SAVE:
		if (!strcmp(arg, "-"))
			usage_fail("--save takes a file: --format json writes to stdout");
		o->save = arg;
		break;
	case OPT_FORMAT:
		o->format = parse_format(arg);
		break;
	case OPT_MAX_SITES:
		if (!parse_number(arg, 1, 1e8, &number))
			usage_fail("not a number of call sites: %s", arg);
		o->tracer.max_sites = (unsigned int)number;
		break;
	case OPT_DEBUG_DIR:
		o->names.debug_dir = arg;
		break;
	case OPT_DEBUGINFOD:
		o->names.debuginfod = true;
		break;
	case ARGP_KEY_ARGS:
		o->command = state->argv + state->next;
		o->tracer.follow_children = true;
		break;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &o->rules_files;
		state->child_inputs[1] = &o->tracer;
		state->child_inputs[2] = &o->screen;
		break;
	case ARGP_KEY_END:
		check_options(o);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void on_problem(pid_t pid, const char *kind, const char *what, void *data)
{
	(void)pid, (void)kind, (void)data;
	fail(STATUS_FAULT, "%s", what);
}

int trace_options__parse(struct trace_options *o, int argc, char **argv)
{
	static const struct argp_child children[] = {{&rules_argp, 0, NULL, 0},
						     {&tracing_argp, 0, NULL, 0},
						     {&screen_argp, 0, NULL, 0},
						     {0}};
	static const struct argp argp = {
		argp_options, parse, "[-- COMMAND ARG...]", doc, children, 0, 0};

	memset(o, 0, sizeof(*o));
	o->format = output_format__find("text");
	o->tracer.stack = STACK_CFI;
	o->tracer.problem = on_problem;
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, o))
		return STATUS_USAGE;
	if (o->qmp_path)
		o->tracer.windowed = true;
	o->tracer.tgids = o->pids;
	o->tracer.nr_tgids = o->nr_pids;
	return STATUS_OK;
}
