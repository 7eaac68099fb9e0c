// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes one migration, from the start of two QEMUs to their end. Whatever the trial waits for, it
 * keeps the tracers' mappings up to date meanwhile, and ends at a signal or when a QEMU dies.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "loop.h"
#include "proc/figures.h"
#include "proc/guest_memory.h"
#include "qemu/emulator.h"
#include "qemu/migration.h"
#include "verify/content.h"
#include "verify/guest/churn.h"
#include "verify/traced.h"
#include "verify/trial.h"
#include "verify/workspace.h"

enum {
	POLL_MS = 10,
	START_MS = 60000,
	GUEST_MS = 120000, /* an emulated guest's first passes take long on a busy machine */
	MIGRATE_MS = 120000,
	MIGRATE_MS_PER_GIB = 30000,
	CHURN_SYNCS = 4, /* QEMU looks for dirty pages once before the first round, so four times
			    are three rounds */
	/* a round over 50 MiB then takes longer than the guest's pass over them */
	CHURN_BANDWIDTH = 64 << 20,
	CHURN_PASSES = 2, /* passes before the migration: by then each page was zero and non-zero */
	LAST_DOWNTIME_MS = 60000, /* the last round must come, however many pages are left */
	COMPARE_STEP = 64 << 20,
};

static const char *const end_names[NR_ENDS] = {"source", "destination"};

struct trial_end {
	struct emulator qemu;
	struct traced traced;
	struct guest_memory memory;
	bool has_memory;
};

struct trial {
	const struct trial_options *o;
	struct trial_error *error;
	struct workspace workspace;
	struct trial_end end[NR_ENDS];
	struct verify_run *out;
};

__attribute__((format(printf, 3, 4))) static int fails(struct trial *t, int err, const char *format,
						       ...)
{
	struct trial_error *e = t->error;
	int n = snprintf(e->text, sizeof(e->text), "%s: ", t->o->name);
	va_list args;

	va_start(args, format);
	vsnprintf(e->text + n, sizeof(e->text) - (size_t)n, format, args);
	va_end(args);
	return err;
}

static int fails_monitor(struct trial *t, int err, enum verify_end_id end)
{
	return fails(t, err, "%s: %s", end_names[end], qmp__error(t->end[end].qemu.qmp));
}

static void progress(const struct trial *t, const char *what)
{
	if (t->o->progress)
		t->o->progress(t->o->name, what);
}

/* --- waiting --- */

static int check_alive(struct trial *t)
{
	char how[640];

	for (int end = 0; end < NR_ENDS; end++) {
		struct emulator *e = &t->end[end].qemu;

		if (e->pidfd < 0 || !emulator__has_ended(e))
			continue;
		emulator__describe_end(e, how, sizeof(how));
		return fails(t, -ECHILD, "the %s's QEMU %s", end_names[end], how);
	}
	return 0;
}

static int check_signals(struct trial *t)
{
	struct signalfd_siginfo info;

	while (read(t->o->signal_fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			return fails(t, -EINTR, "ended by %s",
				     info.ssi_signo == SIGINT ? "Ctrl-C" : "SIGTERM");
	return 0;
}

/* Handles what has arrived, and waits for at most "ms". Returns 0, or an error that ends the trial.
 * */
static int pump(struct trial *t, int ms)
{
	struct loop l = {0};
	int err;

	loop__begin(&l);
	loop__await(&l, t->o->signal_fd);
	for (int end = 0; end < NR_ENDS; end++) {
		loop__await(&l, t->end[end].qemu.pidfd);
		loop__await(&l, traced__fd(&t->end[end].traced));
	}
	loop__await_time(&l, clock__ms() + (uint64_t)ms);
	loop__wait(&l);
	for (int end = 0; end < NR_ENDS; end++)
		if (loop__is_ready(&l, traced__fd(&t->end[end].traced)))
			traced__read_mappings(&t->end[end].traced);
	loop__free(&l);
	err = check_signals(t);
	return err ? err : check_alive(t);
}

/* Waits until "is_so" returns 1, or a negative errno with the error text set. */
static int wait_until(struct trial *t, int64_t ms, const char *what, int (*is_so)(struct trial *t))
{
	int64_t deadline = (int64_t)clock__ms() + ms;
	int err;

	for (;;) {
		err = is_so(t);
		if (err)
			return err < 0 ? err : 0;
		err = pump(t, POLL_MS);
		if (err)
			return err;
		if ((int64_t)clock__ms() >= deadline)
			return fails(t, -ETIMEDOUT, "%s: not within %" PRId64 " s", what,
				     ms / 1000);
	}
}

/* --- two QEMUs --- */

static int are_connected(struct trial *t)
{
	char words[512];
	bool all = true;

	for (int end = 0; end < NR_ENDS; end++) {
		struct emulator *e = &t->end[end].qemu;
		int err = e->qmp ? 0 : emulator__connect(e);

		if (err == -ESRCH)
			return check_alive(t);
		if (err && err != -EAGAIN) {
			emulator__last_words(e, words, sizeof(words));
			return fails(t, err, "%s: cannot talk to QEMU's monitor: %s %s",
				     end_names[end], strerror(-err), words);
		}
		all = all && !err;
	}
	return all;
}

/* Keeps the first line that the fix printed, before QEMU itself prints anything: functions that it
 * could not hook are part of the answer. */
static int check_preload(struct trial *t)
{
	char words[512];

	for (int end = 0; t->o->preload && end < NR_ENDS; end++) {
		const struct emulator *e = &t->end[end].qemu;

		emulator__first_words(e, words, sizeof(words));
		if (words[0])
			t->out->end[end].said = strdup(words);
		if (emulator__maps(e, t->o->preload))
			continue;
		t->error->machine = true;
		return fails(t, -ENOEXEC, "%s did not load %s%s%s", t->o->qemu, t->o->preload,
			     words[0] ? ": " : "", words);
	}
	return 0;
}

static int start_emulators(struct trial *t)
{
	const struct trial_options *o = t->o;
	int err;

	progress(t, "starting two QEMUs");
	for (int end = 0; end < NR_ENDS; end++) {
		struct arguments a;

		err = workspace__arguments(&t->workspace, o, end_names[end], end == END_DESTINATION,
					   &a);
		if (err)
			return fails(t, err, "%s: %s", t->workspace.dir, strerror(-err));
		err = emulator__start(&t->end[end].qemu, t->workspace.dir, end_names[end], a.v,
				      o->preload, o->migfix);
		arguments__free(&a);
		if (err)
			return fails(t, err, "cannot run %s: %s", o->qemu, strerror(-err));
	}
	err = wait_until(t, START_MS, "start of QEMU", are_connected);
	return err ? err : check_preload(t);
}

static int find_memory(struct trial *t)
{
	for (int end = 0; end < NR_ENDS; end++) {
		struct trial_end *e = &t->end[end];
		uint64_t address;
		int err = migration__guest_address(e->qemu.qmp, &address);

		if (err)
			return fails(t, err, "%s: cannot find the guest's memory: %s",
				     end_names[end], qmp__error(e->qemu.qmp));
		e->has_memory = true;
		err = guest_memory__open(&e->memory, e->qemu.pid, address, t->o->memory);
		if (err)
			return fails(t, err, "%s: cannot read the guest's memory: %s",
				     end_names[end], strerror(-err));
	}
	return 0;
}

/* --- tracing --- */

static int are_still(struct trial *t)
{
	bool still = true;

	for (int end = 0; end < NR_ENDS; end++)
		still = emulator__stop(&t->end[end].qemu) && still;
	return still;
}

/* The books are exact only if no thread runs while the window opens and closes. */
static int stand_still(struct trial *t)
{
	return wait_until(t, START_MS, "stop of QEMU", are_still);
}

static void go_on(struct trial *t)
{
	for (int end = 0; end < NR_ENDS; end++)
		emulator__continue(&t->end[end].qemu);
}

static int read_rss(struct trial *t, bool after)
{
	for (int end = 0; end < NR_ENDS; end++) {
		struct verify_end *out = &t->out->end[end];
		struct proc_figures figures;
		int err = proc__figures_cheap(t->end[end].qemu.pid, &figures);

		if (err)
			return fails(t, err, "%s: cannot read its RSS: %s", end_names[end],
				     strerror(-err));
		*(after ? &out->rss_after : &out->rss_before) = figures.rss + figures.hugetlb;
	}
	return 0;
}

static int start_tracing(struct trial *t)
{
	int err;

	progress(t, "attaching the tracer to both");
	err = stand_still(t);
	if (!err)
		err = read_rss(t, false);
	for (int end = 0; end < NR_ENDS && !err; end++)
		err = traced__attach(&t->end[end].traced, t->end[end].qemu.pid, t->o->mode,
				     t->o->name, t->error);
	for (int end = 0; end < NR_ENDS && !err; end++) {
		err = traced__open(&t->end[end].traced, REASON_BEFORE_MIGRATION);
		if (err)
			fails(t, err, "cannot trace: %s", strerror(-err));
	}
	go_on(t);
	return err;
}

static int end_tracing(struct trial *t)
{
	int err = stand_still(t);

	if (!err)
		err = read_rss(t, true);
	if (err)
		return err;
	for (int end = 0; end < NR_ENDS && !err; end++)
		err = traced__close(&t->end[end].traced, REASON_MIGRATION_END, t->o->rules,
				    &t->out->end[end].record);
	go_on(t);
	return err ? fails(t, err, "cannot make the record: %s", strerror(-err)) : 0;
}

/* --- the guest --- */

/* Reads how often the guest has gone over its memory. The guest counts in a page that is a hole
 * until it begins. */
static int guest_passes(struct trial *t, uint32_t *passes)
{
	struct guest_memory *m = &t->end[END_SOURCE].memory;
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t off = GUEST_CHURN_PASSES / page * page;
	char *buffer = malloc(page);
	bool any = false;
	int err;

	if (!buffer)
		return fails(t, -ENOMEM, "out of memory");
	guest_memory__rewind(m);
	err = guest_memory__read(m, off, buffer, page, &any);
	*passes = 0;
	if (!err && any)
		memcpy(passes, buffer + (GUEST_CHURN_PASSES - off), sizeof(*passes));
	free(buffer);
	return err ? fails(t, err, "cannot read the guest's memory: %s", strerror(-err)) : 0;
}

static int guest_churns(struct trial *t)
{
	uint32_t passes;
	int err = guest_passes(t, &passes);

	return err ? err : passes >= CHURN_PASSES;
}

static int start_guest(struct trial *t)
{
	int err;

	if (!t->o->churn)
		return 0;
	progress(t, "the guest writes and zeroes its memory");
	err = qmp__execute(t->end[END_SOURCE].qemu.qmp, "cont", NULL, NULL);
	if (err)
		return fails_monitor(t, err, END_SOURCE);
	return wait_until(t, GUEST_MS, "first passes of the guest over its memory", guest_churns);
}

/* --- the migration --- */

/* Asks QEMU for the state of the migration. If QEMU is too busy to answer, the caller asks again,
 * up to the deadline of what it waits for. */
static int query(struct trial *t, enum verify_end_id end, struct migration_state *s)
{
	int err = migration__query(t->end[end].qemu.qmp, s);

	if (err == -ETIMEDOUT)
		return 0;
	if (err) {
		int dead = pump(t, 1000);

		return dead ? dead : fails_monitor(t, err, end);
	}
	if (!strcmp(s->status, "failed") || !strcmp(s->status, "cancelled"))
		return fails(t, -EIO, "%s: migration %s%s%s", end_names[end], s->status,
			     s->error[0] ? ": " : "", s->error);
	return 0;
}

static int has_gone_rounds(struct trial *t)
{
	struct migration_state s;
	int err = query(t, END_SOURCE, &s);

	return err ? err : s.syncs >= CHURN_SYNCS || migration__is_over(&s);
}

static int are_completed(struct trial *t)
{
	struct migration_state s;

	for (int end = 0; end < NR_ENDS; end++) {
		int err = query(t, (enum verify_end_id)end, &s);

		if (err || strcmp(s.status, "completed"))
			return err;
	}
	return 1;
}

static int read_figures(struct trial *t)
{
	struct verify_run *out = t->out;
	struct migration_state s;
	int err = migration__query(t->end[END_SOURCE].qemu.qmp, &s);

	if (err)
		return fails_monitor(t, err, END_SOURCE);
	out->total_ms = record_count__of(s.total_ms);
	out->downtime_ms = record_count__of(s.downtime_ms);
	out->setup_ms = record_count__of(s.setup_ms);
	out->pages = record_count__sum(record_count__of(s.normal_pages),
				       record_count__of(s.zero_pages));
	out->syncs = record_count__of(s.syncs);
	return 0;
}

static int start_migration(struct trial *t)
{
	struct qmp *source = t->end[END_SOURCE].qemu.qmp;
	bool churn = t->o->churn;
	int err;

	progress(t, "migrating");
	err = migration__listen(t->end[END_DESTINATION].qemu.qmp, t->workspace.uri);
	if (err)
		return fails_monitor(t, err, END_DESTINATION);
	/* A migration that could end after one or two rounds must not end yet: allow next to no
	 * downtime. */
	err = migration__limit(source, churn ? CHURN_BANDWIDTH : MIGRATION_UNLIMITED,
			       churn ? 1 : 300);
	if (!err)
		err = migration__start(source, t->workspace.uri);
	return err ? fails_monitor(t, err, END_SOURCE) : 0;
}

static int migrate(struct trial *t)
{
	int64_t patience = MIGRATE_MS + MIGRATE_MS_PER_GIB * (int64_t)(t->o->memory >> 30);
	int err = start_migration(t);

	if (!err && t->o->churn) {
		err = wait_until(t, patience, "rounds of precopy", has_gone_rounds);
		if (!err) {
			err = migration__limit(t->end[END_SOURCE].qemu.qmp, MIGRATION_UNLIMITED,
					       LAST_DOWNTIME_MS);
			if (err)
				fails_monitor(t, err, END_SOURCE);
		}
	}
	if (!err)
		err = wait_until(t, patience, "end of the migration", are_completed);
	return err ? err : read_figures(t);
}

static int compare(struct trial *t)
{
	struct guest_memory *a = &t->end[END_SOURCE].memory, *b = &t->end[END_DESTINATION].memory;
	uint64_t size = t->o->memory;
	int err;

	progress(t, "comparing memory");
	guest_memory__rewind(a);
	guest_memory__rewind(b);
	err = page_set__init(&t->out->differing, size / (uint64_t)sysconf(_SC_PAGESIZE));
	for (uint64_t off = 0; off < size && !err; off += COMPARE_STEP) {
		uint64_t len = size - off < COMPARE_STEP ? size - off : COMPARE_STEP;

		err = content__compare(a, b, off, len, &t->out->differing);
		if (err)
			return fails(t, err, "cannot compare the guest's memory: %s",
				     strerror(-err));
		err = pump(t, 0);
	}
	t->out->compared = !err;
	return err;
}

static void clean_up(struct trial *t)
{
	for (int end = 0; end < NR_ENDS; end++) {
		struct trial_end *e = &t->end[end];

		traced__free(&e->traced);
		if (e->has_memory)
			guest_memory__close(&e->memory);
		emulator__end(&e->qemu);
	}
	workspace__remove(&t->workspace);
}

int trial__run(const struct trial_options *o, struct verify_run *out, struct trial_error *error)
{
	struct trial t = {.o = o, .out = out, .error = error};
	int err;

	for (int end = 0; end < NR_ENDS; end++)
		emulator__init(&t.end[end].qemu);
	memset(error, 0, sizeof(*error));
	err = workspace__make(&t.workspace, o);
	if (err)
		err = fails(&t, err, "cannot make a directory to work in: %s", strerror(-err));
	if (!err)
		err = start_emulators(&t);
	if (!err)
		err = find_memory(&t);
	if (!err)
		err = start_tracing(&t);
	if (!err)
		err = start_guest(&t);
	if (!err)
		err = migrate(&t);
	if (!err)
		err = end_tracing(&t);
	if (!err)
		err = compare(&t);
	clean_up(&t);
	return err;
}
