// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * migpop verify: makes or reads the records of migrations without and with a fix, has them judged,
 * and prints the verdict. To this command the fix is a file: it must not know what is in it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/inout.h"
#include "cmd/verify_options.h"
#include "output/verify.h"
#include "symbol/rules.h"
#include "tracer/tracer.h"
#include "verify/routine.h"

enum { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_JUNIT, OUTPUT_MARKDOWN, NR_OUTPUTS };

/* All outputs, opened before any work, so that a file that cannot be written is reported at once.
 * */
struct outputs {
	const char *path[NR_OUTPUTS];
	bool wanted[NR_OUTPUTS];
	struct output_file file[NR_OUTPUTS];
};

static int outputs__open(struct outputs *out, const struct verify_options *o)
{
	const char *const paths[NR_OUTPUTS] = {NULL, o->json, o->junit, o->markdown};
	int status = STATUS_OK;

	memset(out, 0, sizeof(*out));
	out->wanted[OUTPUT_TEXT] = true;
	for (int i = 0; i < NR_OUTPUTS && !status; i++) {
		if (i) {
			out->path[i] = paths[i];
			out->wanted[i] = paths[i];
			/* If an output goes to standard output, the text is not written there. */
			if (paths[i] && !strcmp(paths[i], "-"))
				out->wanted[OUTPUT_TEXT] = false;
		}
		if (out->wanted[i])
			status = output__open(&out->file[i], out->path[i], NULL);
	}
	return status;
}

static void outputs__abort(struct outputs *out)
{
	for (int i = 0; i < NR_OUTPUTS; i++)
		output_file__abort(&out->file[i]);
}

static int outputs__write(struct outputs *out, const struct verify_report *r, const char *color)
{
	int status = STATUS_OK;

	for (int i = NR_OUTPUTS - 1; i >= 0; i--) {
		struct output_file *file = &out->file[i];
		struct text_options text;
		int err = 0, written;

		if (!out->wanted[i])
			continue;
		switch (i) {
		case OUTPUT_TEXT:
			text = output__text_options(file, color);
			err = output_verify__text(r, file->f, &text);
			break;
		case OUTPUT_JSON:
			err = output_verify__json(r, file->f);
			break;
		case OUTPUT_JUNIT:
			err = output_verify__junit(r, file->f);
			break;
		case OUTPUT_MARKDOWN:
			err = output_verify__markdown(r, file->f);
			break;
		}
		written = output__finish(file, out->path[i], err);
		status = status ? status : written;
	}
	return status;
}

/* --- saved records --- */

/* A destination was started with -incoming. */
static enum verify_end_id end_of(const struct record *r)
{
	for (size_t i = 0; r->nr_target && i < r->target[0].nr_cmdline; i++) {
		const char *word = r->target[0].cmdline[i];

		if (!strcmp(word, "-incoming") || !strcmp(word, "--incoming"))
			return END_DESTINATION;
	}
	return END_SOURCE;
}

static int read_records(const struct verify_options *o, struct verification *v)
{
	struct record *r[NR_RUNS] = {NULL, NULL};
	enum verify_end_id end;
	int status = STATUS_OK;

	for (int run = 0; run < NR_RUNS && !status; run++)
		status = input__read(&r[run], o->record[run]);
	if (!status && end_of(r[RUN_STOCK]) != end_of(r[RUN_FIXED]))
		status = fail(STATUS_USAGE, "%s is of a source and %s of a destination",
			      o->record[end_of(r[RUN_FIXED]) == END_SOURCE],
			      o->record[end_of(r[RUN_FIXED]) != END_SOURCE]);
	if (status) {
		for (int run = 0; run < NR_RUNS; run++)
			record__free(r[run]);
		return status;
	}
	end = end_of(r[RUN_STOCK]);
	v->judged[END_SOURCE] = end == END_SOURCE;
	v->judged[END_DESTINATION] = end == END_DESTINATION;
	for (int run = 0; run < NR_RUNS; run++)
		v->run[run].end[end].record = r[run];
	return STATUS_OK;
}

/* --- migrations --- */

static void show_progress(const char *trial, const char *what)
{
	fprintf(stderr, "\r\033[K%s: %s", trial, what);
}

static void say_progress(const char *trial, const char *what)
{
	fprintf(stderr, "%s: %s\n", trial, what);
}

/* The signals that end a trial early. */
static const int ends[] = {SIGINT, SIGTERM, SIGHUP, 0};

static void end_progress(const struct trial_options *t)
{
	if (t->progress == show_progress)
		fputs("\r\033[K", stderr);
}

/* The ends that the fix is used at; "all" if it is used at both. */
static const char *fixed_ends(const struct verify_options *o, const char *all)
{
	return !o->fix[END_SOURCE] ? "dst" : !o->fix[END_DESTINATION] ? "src" : all;
}

static struct trial_options trial_of(const struct verify_options *o, enum verify_run_id run)
{
	struct trial_options t = {
		.name = run == RUN_FIXED ? "fixed" : "stock",
		.qemu = run == RUN_FIXED && o->fixed_qemu ? o->fixed_qemu : o->qemu,
		.preload = run == RUN_FIXED ? o->preload : NULL,
		/* A QEMU with a built-in fix does not read MIGFIX. */
		.migfix = run == RUN_FIXED && o->preload ? fixed_ends(o, "dst,src") : NULL,
		.memory = o->memory,
		.backing = o->backing,
		.prealloc = o->prealloc,
		.churn = o->churn,
		.kvm = o->kvm,
		.mode = o->mode,
		.signal_fd = -1,
	};

	if (o->screen.verbose)
		t.progress = say_progress;
	else if (!o->screen.quiet && isatty(STDERR_FILENO))
		t.progress = show_progress;
	return t;
}

static int fail_trial(const struct trial_error *e)
{
	return fail(e->machine ? STATUS_MACHINE : STATUS_FAULT, "%s", e->text);
}

static int run_trials(const struct verify_options *o, const struct rules *rules,
		      struct verification *v)
{
	struct trial_options trials[NR_RUNS];
	struct trial_error error = {0};
	int signals, status = STATUS_OK;

	for (int run = 0; run < NR_RUNS; run++) {
		trials[run] = trial_of(o, (enum verify_run_id)run);
		if (trial__check_machine(&trials[run], &error))
			return fail_trial(&error);
	}
	signals = open_signals(ends);
	for (int run = 0; run < NR_RUNS && !status; run++) {
		trials[run].rules = rules;
		trials[run].signal_fd = signals;
		if (trial__run(&trials[run], &v->run[run], &error)) {
			end_progress(&trials[run]);
			status = fail_trial(&error);
		}
	}
	if (!status)
		end_progress(&trials[RUN_FIXED]);
	close(signals);
	return status;
}

static struct routine_options routine_of(const struct verify_options *o)
{
	return (struct routine_options){.loader = o->loader,
					.memory = o->memory,
					.backing = o->backing,
					.discarded = o->discarded,
					.of = o->of,
					.mode = o->mode};
}

static int run_routine(const struct verify_options *o, const struct rules *rules,
		       struct verification *v)
{
	const struct trial_options needs = {
		.qemu = o->loader, .memory = o->memory / 2, .backing = o->backing};
	struct routine_options routine = routine_of(o);
	struct trial_error error = {0};
	int status = STATUS_OK;

	if (access(o->loader, X_OK))
		return fail(STATUS_MACHINE, "cannot run %s, which comes with migpop: %s", o->loader,
			    strerror(errno));
	/* One region exists at a time, while a migration has two guests: half the memory is enough.
	 * */
	if (trial__check_machine(&needs, &error))
		return fail_trial(&error);
	routine.rules = rules;
	routine.signal_fd = open_signals(ends);
	for (int run = 0; run < NR_RUNS && !status; run++) {
		routine.by_routine = run == RUN_FIXED;
		if (routine__run(&routine, &v->run[run].end[END_DESTINATION], &error))
			status = fail_trial(&error);
	}
	close(routine.signal_fd);
	return status;
}

/* Runs whatever the options ask for under the tracer. */
static int run_traced(const struct verify_options *o, struct verification *v)
{
	struct rules_files none = {0};
	struct rules *rules = NULL;
	int status;

	status = check_surroundings();
	if (status)
		return status;
	tracer__set_verbose(o->screen.verbose);
	v->preallocated = o->prealloc;
	v->guest_pages = (int64_t)(o->memory / (uint64_t)sysconf(_SC_PAGESIZE));
	memcpy(v->judged, o->fix, sizeof(v->judged));
	status = rules_files__open(&none, &rules);
	if (!status)
		status = o->loader ? run_routine(o, rules, v) : run_trials(o, rules, v);
	rules__free(rules);
	return status;
}

static struct verify_setup setup_of(const struct verify_options *o)
{
	return (struct verify_setup){
		.qemu = o->qemu,
		.backing = ram_backing__name(o->backing),
		.guest = o->churn ? "churn" : "idle",
		.accel = o->kvm ? "kvm" : "tcg",
		.fixed_by = o->fixed_qemu ? o->fixed_qemu : o->preload,
		.fix = fixed_ends(o, "both"),
		.memory = (int64_t)o->memory,
		.prealloc = o->prealloc,
		.routine = o->loader,
		.discarded = o->discarded,
		.of = o->of,
	};
}

static int judge(const struct verify_options *o, struct verification *v, struct outputs *out)
{
	struct verify_setup setup = setup_of(o);
	struct verify_judgement j;
	struct verify_report report = {.v = v, .j = &j};
	int status;

	if (!o->record[RUN_STOCK])
		report.setup = &setup;
	if (o->loader) {
		struct routine_options routine = routine_of(o);
		struct routine_expectation expected = routine__expect(&routine);

		routine__judge(v, &expected, &j);
	} else {
		verify__judge(v, &j);
	}
	status = outputs__write(out, &report, o->screen.color);
	if (status)
		return status;
	return verify_verdict__holds(j.verdict) ? STATUS_OK : STATUS_NO;
}

int cmd_verify(int argc, char **argv)
{
	static struct verify_options o;
	struct verification v;
	struct outputs out;
	int status = verify_options__parse(&o, argc, argv);

	if (status)
		return status;
	signal(SIGPIPE, SIG_IGN);
	verification__init(&v);
	v.max_ratio = o.max_ratio;
	status = outputs__open(&out, &o);
	if (!status)
		status = o.record[RUN_STOCK] ? read_records(&o, &v) : run_traced(&o, &v);
	if (!status)
		status = judge(&o, &v, &out);
	outputs__abort(&out);
	verification__clear(&v);
	return status;
}
