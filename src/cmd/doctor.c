// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * migpop doctor: what this kernel allows, what will be used, and why. Each hook is tried alone.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "cmd/cmd.h"
#include "collect/proc.h"
#include "collect/tracer.h"
#include "output/flow.h"
#include "probe/members.h"
#include "probe/privilege.h"
#include "probe/probe.h"

enum { HOOKS_MAX = 32, OPT_COLOR = 256 };

/* What it found: of --quiet only the exit status is left, and why it is not 0. */
struct doctor {
	struct text_options text;
	FILE *out;
	const char *lockdown;
	struct hook hooks[HOOKS_MAX];
	int n;
};

static const char *why_no_access(void)
{
	static char why[160];
	const char *no_perf_events = privilege__why_no_perf_events();

	snprintf(why, sizeof(why), "not permitted%s%s", no_perf_events ? ": " : "",
		 no_perf_events ? no_perf_events : "");
	return why;
}

static const char *why_not(const struct hook *h, const char *lockdown)
{
	int err = h->error;

	if (*h->why)
		return h->why;
	/* No helper that reads kernel memory exists for programs then: they do not load. */
	if (err == -EINVAL && lockdown && !strcmp(lockdown, "confidentiality"))
		return "not permitted: the kernel is locked down to confidentiality";
	switch (-err) {
	case EPERM:
		if (privilege__missing())
			return "not permitted: a capability is missing";
		return lockdown && strcmp(lockdown, "none")
			       ? "not permitted: the kernel is locked down"
			       : "not permitted by this kernel";
	case EACCES:
		return why_no_access();
	case ENOENT:
		return "this kernel has no such hook";
	case ESRCH:
		return "this kernel's BTF has no such function";
	case ENOTSUP:
	case EINVAL:
	case ENODEV:
		return "not supported by this kernel";
	default:
		return strerror(-err);
	}
}

/* First hook that a mode needs and cannot have, NULL if none. */
static const struct hook *missing(const struct doctor *d, enum mode mode)
{
	for (int i = 0; i < d->n; i++)
		if (d->hooks[i].error && !d->hooks[i].optional &&
		    (d->hooks[i].mode == mode || d->hooks[i].mode == MODE_AUTO))
			return &d->hooks[i];
	return NULL;
}

static void print_hooks(const struct doctor *d, enum mode mode)
{
	for (int i = 0; i < d->n; i++) {
		const struct hook *h = &d->hooks[i];
		enum verdict v = !h->error ? VERDICT_GOOD : VERDICT_WARN;

		if (h->mode == mode)
			fprintf(d->out, "  %-44s %s%s%s\n", h->name, flow__color(&d->text, v),
				h->error ? why_not(h, d->lockdown) : "ok",
				flow__color_end(&d->text, v));
	}
}

static void print_modes(const struct doctor *d)
{
	fprintf(d->out, "hooks of every mode\n");
	print_hooks(d, MODE_AUTO);
	for (enum mode m = MODE_FENTRY; m <= MODE_TRACEPOINT; m++) {
		fprintf(d->out, "mode %s\n", mode__name(m));
		print_hooks(d, m);
	}
}

/* What is counted all the same, but not named. */
static void print_missing_members(const struct doctor *d)
{
	const struct optional_member *m = NULL;
	struct btf *kernel = probe__kernel_types();

	while (kernel && (m = members__next_missing(kernel, m)))
		fprintf(d->out, "not known   %s: kernel structure %s has no member %s\n", m->serves,
			m->structure, m->member);
	btf__free(kernel);
}

/* Are events told by all hooks, however busy the machine is? */
static void print_preemption(const struct doctor *d)
{
	struct btf *kernel = probe__kernel_types();

	if (probe__preempts_programs(kernel))
		fprintf(d->out, "preemption  of programs: %s\n",
			probe__has_classic_tracepoints()
				? "classic tracepoints are used"
				: "no tracefs that can be read, so on a busy machine events can be "
				  "lost");
	btf__free(kernel);
}

static void print_host(const struct doctor *d)
{
	const char *without = privilege__missing();
	struct utsname host;

	uname(&host);
	fprintf(d->out, "kernel      %s %s\n", host.release, host.machine);
	fprintf(d->out, "privileges  %s%s\n", without ? "missing " : "all of " PRIVILEGES_NEEDED,
		without ? without : "");
	fprintf(d->out, "BTF         %s\n",
		access("/sys/kernel/btf/vmlinux", R_OK) ? "none: CONFIG_DEBUG_INFO_BTF is needed"
							: "/sys/kernel/btf/vmlinux");
	fprintf(d->out, "lockdown    %s\n",
		d->lockdown ? d->lockdown
			    : "not shown (securityfs is not mounted, or no lockdown)");
	fprintf(d->out, "swap        %s\n", proc__has_swap() ? "in use" : "none");
}

/* Opens the mode that auto takes, as trace would. */
static int print_verdict(const struct doctor *d)
{
	struct tracer_options options = {.mode = MODE_AUTO};
	struct tracer *t = NULL;
	char why[512];
	int err = tracer__open(&t, &options, why, sizeof(why));

	if (err) {
		fprintf(d->out, "auto: no mode attaches\n");
		return privilege__missing() ? check_privileges() : fail(STATUS_MACHINE, "%s", why);
	}
	fprintf(d->out, "auto takes %s mode", mode__name(tracer__mode(t)));
	for (enum mode m = MODE_FENTRY; m < tracer__mode(t); m++) {
		const struct hook *h = missing(d, m);

		if (h)
			fprintf(d->out, "; not %s: %s %s", mode__name(m), h->name,
				why_not(h, d->lockdown));
	}
	fprintf(d->out, "\n");
	tracer__close(t);
	return check_privileges();
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct doctor *d = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		quiet_argp(state);
		break;
	case OPT_COLOR:
		if (!parse_color(arg, &d->text.color))
			usage_fail("--color %s: neither auto, always nor never", arg);
		break;
	case 'q':
		d->out = NULL;
		break;
	case 'v':
		tracer__set_verbose(true);
		break;
	case ARGP_KEY_ARG:
		usage_fail("unexpected argument: %s", arg);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

int cmd_doctor(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"color", OPT_COLOR, "WHEN", 0, "auto (default), always or never", 0},
		{"quiet", 'q', 0, 0, "Say nothing but what is missing", 0},
		{"verbose", 'v', 0, 0, "Show libbpf's own words", 0},
		{0},
	};
	static const struct argp argp = {
		options, parse, "", "What this kernel allows, what will be used, and why.",
		0,       0,     0};
	struct doctor d = {.out = stdout, .lockdown = proc__lockdown()};
	int status;

	tracer__set_verbose(false);
	parse_color("auto", &d.text.color);
	if (argp_parse(&argp, argc, argv, 0, NULL, &d))
		return STATUS_USAGE;
	if (!d.out)
		d.out = fopen("/dev/null", "w");
	if (!d.out)
		return fail(STATUS_FAULT, "/dev/null: %s", strerror(errno));
	print_host(&d);
	d.n = tracer__try_hooks(d.hooks, HOOKS_MAX);
	if (d.n < 0) {
		status = fail(STATUS_MACHINE, "cannot open the BPF object: %s", strerror(-d.n));
	} else {
		print_preemption(&d);
		print_missing_members(&d);
		print_modes(&d);
		status = print_verdict(&d);
	}
	if (d.out != stdout)
		fclose(d.out);
	return status;
}
