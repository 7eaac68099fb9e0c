// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * migpop doctor: shows what this kernel allows, what migpop will use, and why. Each hook is tried
 * by itself.
 */
#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "output/flow.h"
#include "probe/members.h"
#include "probe/privilege.h"
#include "probe/probe.h"
#include "probe/surroundings.h"
#include "proc/process.h"
#include "proc/system.h"
#include "tracer/hooks.h"
#include "tracer/tracer.h"
#include "vmm/program.h"
#include "vmm/vmm.h"

enum { HOOKS_MAX = 32 };

/* With --quiet "out" is /dev/null: only the exit status remains, and on stderr why it is not 0. */
struct doctor {
	struct screen_options screen;
	struct text_options text;
	FILE *out;
	struct surroundings around;
	struct hook hooks[HOOKS_MAX];
	int n;
};

static const char *why_not(const struct hook *h, const char *lockdown)
{
	int err = h->error;

	if (*h->why)
		return h->why;
	switch (-err) {
	case EPERM:
	case EACCES:
		return lockdown && strcmp(lockdown, "none")
			       ? "not permitted by this kernel, which is locked down"
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

/* The first hook that the mode needs but this kernel refuses; NULL if there is none. */
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
		enum tone tone = !h->error ? TONE_GOOD : TONE_WARN;

		if (h->mode == mode)
			fprintf(d->out, "  %-44s %s%s%s\n", h->name, flow__color(&d->text, tone),
				h->error ? why_not(h, d->around.lockdown) : "ok",
				flow__color_end(&d->text, tone));
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

/* Prints what is counted but cannot be named, because a member of a kernel structure is missing. */
static void print_missing_members(const struct doctor *d)
{
	const struct optional_member *m = NULL;
	struct btf *kernel = probe__kernel_types();

	while (kernel && (m = members__next_missing(kernel, m)))
		fprintf(d->out, "not known   %s: kernel structure %s has no member %s\n", m->serves,
			m->structure, m->member);
	btf__free(kernel);
}

/* Prints whether events can be lost on a busy machine, because programs can be preempted. */
static void print_preemption(const struct doctor *d)
{
	struct btf *kernel = probe__kernel_types();
	const char *no_classic = probe__why_no_classic_tracepoints();

	if (probe__preempts_programs(kernel))
		fprintf(d->out, "preemption  of programs: %s%s\n",
			no_classic ? "on a busy machine events can be lost: "
				   : "classic tracepoints are used",
			no_classic ? no_classic : "");
	btf__free(kernel);
}

static const char *lockdown_text(const struct surroundings *s)
{
	if (s->lockdown)
		return s->lockdown;
	return access("/sys/kernel/security/lsm", F_OK)
		       ? "not shown: securityfs is not mounted (mount -t securityfs securityfs "
			 "/sys/kernel/security)"
		       : "this kernel has none";
}

static void print_name_spaces(const struct doctor *d)
{
	const struct surroundings *s = &d->around;

	fprintf(d->out, "name spaces %s\n",
		s->own_user_namespace && s->own_pid_namespace ? "of users and of PIDs: its own"
		: s->own_user_namespace                       ? "of users: its own"
		: s->own_pid_namespace                        ? "of PIDs: its own"
							      : "of users and of PIDs: the host's");
}

static void print_host(const struct doctor *d)
{
	const struct surroundings *s = &d->around;
	char filtered[192], why[512];
	struct utsname host;

	uname(&host);
	fprintf(d->out, "kernel      %s %s\n", host.release, host.machine);
	fprintf(d->out, "privileges  %s%s\n",
		*s->missing ? "missing " : "all of " PRIVILEGES_NEEDED, s->missing);
	print_name_spaces(d);
	surroundings__filtered(s, filtered, sizeof(filtered));
	fprintf(d->out, "seccomp     %s%s\n",
		*filtered ? "refuses " : "refuses nothing of the tracer's", filtered);
	if (*s->confined)
		fprintf(d->out, "confined    %s\n", s->confined);
	fprintf(d->out, "BTF         %s\n", s->btf ? "none" : "/sys/kernel/btf/vmlinux");
	fprintf(d->out, "lockdown    %s\n", lockdown_text(s));
	fprintf(d->out, "swap        %s\n", proc__has_swap() ? "in use" : "none");
	for (unsigned int n = 0; surroundings__refuse(s, n, why, sizeof(why)); n++)
		fprintf(d->out, "refused     %s%s%s\n", flow__color(&d->text, TONE_WARN), why,
			flow__color_end(&d->text, TONE_WARN));
}

/* What cannot be read is counted: without CAP_SYS_PTRACE it is nearly all there is. */
static void print_emulator(const struct doctor *d, pid_t pid, unsigned int *unread)
{
	struct program p = program__of(pid);
	char *comm = proc__comm(pid);

	if (comm && p.vmm)
		fprintf(d->out, "emulator    pid %d %s: %s by %s\n", (int)pid, comm, p.vmm->name,
			p.by_name ? "its name" : "the version that it states");
	else if (comm && vmm__has_comm(comm))
		fprintf(d->out, "left        pid %d %s: %s\n", (int)pid, comm,
			p.error ? strerror(-p.error)
				: "no emulator, by its name or what it states");
	else if (comm && (p.error == -EACCES || p.error == -EPERM))
		++*unread;
	free(comm);
}

/* What migpop serve takes in, and what it has looked at and left. */
static void print_emulators(const struct doctor *d)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	unsigned int unread = 0;

	while (proc && (entry = readdir(proc))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0)
			print_emulator(d, pid, &unread);
	}
	if (proc)
		closedir(proc);
	if (unread)
		fprintf(d->out, "left        %u processes whose programs may not be read\n",
			unread);
}

/* Opens the tracer in the mode that "auto" chooses, as migpop trace would. */
static int print_verdict(const struct doctor *d)
{
	struct tracer_options options = {.mode = MODE_AUTO};
	struct tracer *t = NULL;
	char why[512];
	int err = tracer__open(&t, &options, why, sizeof(why));

	if (err) {
		fprintf(d->out, "auto: no mode attaches\n");
		return fail(STATUS_MACHINE, "%s", why);
	}
	fprintf(d->out, "auto takes %s mode", mode__name(tracer__mode(t)));
	for (enum mode m = MODE_FENTRY; m < tracer__mode(t); m++) {
		const struct hook *h = missing(d, m);

		if (h)
			fprintf(d->out, "; not %s: %s %s", mode__name(m), h->name,
				why_not(h, d->around.lockdown));
	}
	fprintf(d->out, "\n");
	tracer__close(t);
	return check_surroundings();
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct doctor *d = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &d->screen;
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
	static const struct argp_child children[] = {{&screen_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {
		NULL,     parse, "", "What this kernel allows, what will be used, and why.",
		children, 0,     0};
	struct doctor d = {.out = stdout};
	int status;

	if (argp_parse(&argp, argc, argv, 0, NULL, &d))
		return STATUS_USAGE;
	tracer__set_verbose(d.screen.verbose);
	d.text.color = screen__has_color(&d.screen);
	if (d.screen.quiet)
		d.out = fopen("/dev/null", "w");
	if (!d.out)
		return fail(STATUS_FAULT, "/dev/null: %s", strerror(errno));
	surroundings__look(&d.around, true);
	print_host(&d);
	print_emulators(&d);
	if (surroundings__load_nothing(&d.around)) {
		fprintf(d.out, "auto: no mode attaches\n");
		status = check_surroundings();
	} else if ((d.n = hooks__try(d.hooks, HOOKS_MAX)) < 0) {
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
