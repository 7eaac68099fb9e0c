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

#include "cmd/cmd.h"
#include "collect/proc.h"
#include "collect/tracer.h"
#include "probe/privilege.h"

enum { HOOKS_MAX = 32 };

static const char *why_not(int err, const char *lockdown)
{
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
static const struct hook *missing(const struct hook *hooks, int n, enum mode mode)
{
	for (int i = 0; i < n; i++)
		if (hooks[i].error && !hooks[i].optional &&
		    (hooks[i].mode == mode || hooks[i].mode == MODE_AUTO))
			return &hooks[i];
	return NULL;
}

static void print_hooks(const struct hook *hooks, int n, enum mode mode, const char *lockdown)
{
	for (int i = 0; i < n; i++) {
		if (hooks[i].mode != mode)
			continue;
		printf("  %-44s %s\n", hooks[i].name,
		       hooks[i].error ? why_not(hooks[i].error, lockdown) : "ok");
	}
}

static void print_modes(const struct hook *hooks, int n, const char *lockdown)
{
	printf("hooks of every mode\n");
	print_hooks(hooks, n, MODE_AUTO, lockdown);
	for (enum mode m = MODE_FENTRY; m <= MODE_TRACEPOINT; m++) {
		printf("mode %s\n", mode__name(m));
		print_hooks(hooks, n, m, lockdown);
	}
}

/* Opens the mode that auto takes, as trace would. */
static int print_verdict(const struct hook *hooks, int n, const char *lockdown)
{
	struct tracer_options options = {.mode = MODE_AUTO};
	struct tracer *t = NULL;
	char why[512];
	int err = tracer__open(&t, &options, why, sizeof(why));

	if (err) {
		printf("auto: no mode attaches\n");
		return privilege__missing() ? check_privileges() : fail(STATUS_MACHINE, "%s", why);
	}
	printf("auto takes %s mode", mode__name(tracer__mode(t)));
	for (enum mode m = MODE_FENTRY; m < tracer__mode(t); m++) {
		const struct hook *h = missing(hooks, n, m);

		if (h)
			printf("; not %s: %s %s", mode__name(m), h->name,
			       why_not(h->error, lockdown));
	}
	printf("\n");
	tracer__close(t);
	return check_privileges();
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case ARGP_KEY_INIT:
		quiet_argp(state);
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
		{"verbose", 'v', 0, 0, "Show libbpf's own words", 0},
		{0},
	};
	static const struct argp argp = {
		options, parse, "", "What this kernel allows, what will be used, and why.",
		0,       0,     0};
	const char *lockdown = proc__lockdown(), *missing_privileges = privilege__missing();
	struct hook hooks[HOOKS_MAX];
	struct utsname host;
	int n;

	tracer__set_verbose(false);
	if (argp_parse(&argp, argc, argv, 0, NULL, NULL))
		return STATUS_USAGE;
	uname(&host);
	printf("kernel      %s %s\n", host.release, host.machine);
	printf("privileges  %s%s\n", missing_privileges ? "missing " : "all of " PRIVILEGES_NEEDED,
	       missing_privileges ? missing_privileges : "");
	printf("BTF         %s\n", access("/sys/kernel/btf/vmlinux", R_OK)
					   ? "none: CONFIG_DEBUG_INFO_BTF is needed"
					   : "/sys/kernel/btf/vmlinux");
	printf("lockdown    %s\n",
	       lockdown ? lockdown : "not shown (securityfs is not mounted, or no lockdown)");
	printf("swap        %s\n", proc__has_swap() ? "in use" : "none");
	n = tracer__try_hooks(hooks, HOOKS_MAX);
	if (n < 0)
		return fail(STATUS_MACHINE, "cannot open the BPF object: %s", strerror(-n));
	print_modes(hooks, n, lockdown);
	return print_verdict(hooks, n, lockdown);
}
