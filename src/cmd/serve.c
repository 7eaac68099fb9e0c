// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * migpop serve: makes a record of every migration of this host, and serves records and metrics over
 * HTTP.
 */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "cmd/cmd.h"
#include "cmd/inout.h"
#include "cmd/options.h"
#include "loop.h"
#include "output/format.h"
#include "serve/listen.h"
#include "serve/metrics.h"
#include "serve/publish.h"
#include "serve/store.h"
#include "serve/web_process.h"
#include "symbol/resolve.h"
#include "symbol/rules.h"
#include "watch/watcher.h"

static const char doc[] =
	"Watch all migrations of this host, of every QEMU that runs or starts later.\v"
	"Writes one record for each end of each migration. A process of its own, without "
	"privileges, answers /metrics, /healthz, /readyz, /report/NAME, /record/NAME and "
	"/pprof/NAME over HTTP. SIGTERM closes open windows and "
	"writes their records; SIGHUP reads the rules again and looks for emulators.";

enum { OPT_LISTEN = 256, OPT_RECORDS, OPT_MAX_SIZE };

static const struct argp_option argp_options[] = {
	{"listen", OPT_LISTEN, "ADDR:PORT", 0, "Listen at ADDR:PORT (default 127.0.0.1:9477)", 1},
	{"records", OPT_RECORDS, "DIR", 0, "Keep records in DIR (default /var/lib/migpop)", 1},
	{"max-size", OPT_MAX_SIZE, "SIZE", 0,
	 "Remove the oldest records when all take more than SIZE (default 256M)", 1},
	{"verbose", 'v', 0, 0, "Print more, including libbpf's messages", 9},
	{"quiet", 'q', 0, 0, "Print nothing but errors", 9},
	{0},
};

enum { SITES = 32768 };

struct serve {
	const char *listen, *records;
	uint64_t max_size;
	struct tracer_options tracer;
	struct rules_files rules_files;
	bool quiet, verbose;
	struct rules *rules;
	struct store store;
	struct metrics *metrics;
	struct watcher *watcher;
	struct publication *publication;
	struct web_process web;
	unsigned int web_has; /* store.opened, of the directory that the web process reads */
	bool told_long;       /* that the metrics are too long */
	bool active;          /* the watcher has done something since its tables were read */
	uint64_t tables_ms;   /* when they were */
	uint64_t beat_ms;     /* when the next sign of life is due */
	int signal_fd;
};

/* How often the tracer gives a sign of life. */
enum { BEAT_MS = 1000 };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct serve *s = state->input;

	switch (key) {
	case OPT_LISTEN:
		s->listen = arg;
		break;
	case OPT_RECORDS:
		s->records = arg;
		break;
	case OPT_MAX_SIZE:
		s->max_size = parse_size(arg);
		if (!s->max_size)
			usage_fail("not a size: %s", arg);
		break;
	case 'v':
		s->verbose = true;
		break;
	case 'q':
		s->quiet = true;
		break;
	case ARGP_KEY_ARG:
		usage_fail("what is \"%s\"?", arg);
	case ARGP_KEY_INIT:
		quiet_argp(state);
		state->child_inputs[0] = &s->rules_files;
		state->child_inputs[1] = &s->tracer;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* Prints how many pages lack a whole call chain because a table was full. That the table was full
 * was printed when it happened. */
static void tell_room(const struct record *r)
{
	const struct record_target *target = &r->target[0];
	char n[FORMAT_NUMBER];
	struct format_text t;

	for (size_t i = 0; i < r->lost.nr_room; i++) {
		const struct record_room *room = &r->lost.room[i];
		const char *table = names__word(NAMES_TABLE, (int)room->table);

		if (room->pages <= 0)
			continue;
		format__clear(&t);
		format__add(&t, "pid %u: no whole call chain", target->pid);
		format__add(&t, " for %s", format__count(n, room->pages));
		format__add(&t, " of %s pages", format__count(n, r->totals.populated_pages));
		format__add(&t, " (%s): no room in the table of %s",
			    format__percent(n, room->pages, r->totals.populated_pages),
			    table ? table : "?");
		if (room->module) {
			format__add(&t, " for ");
			format__add_name(&t, room->module);
		}
		fail(STATUS_FAULT, "%s", t.s);
	}
}

/* Publishes the metrics as they are. It comes before a line in the log or a record in the
 * directory: whoever has seen these, and asks for metrics then, gets the new ones. */
static void publish(struct serve *s)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int err = f ? metrics__write(s->metrics, f) : -ENOMEM;
	bool fits = true;

	if (f && fclose(f))
		err = -ENOMEM;
	if (err)
		fail(STATUS_FAULT, "cannot publish metrics: %s", strerror(-err));
	else
		fits = publish__text(s->publication, text, len);
	free(text);
	if (fits || s->told_long)
		return;
	s->told_long = true;
	metrics__add_error(s->metrics, "metrics");
	publish(s);
	fail(STATUS_FAULT,
	     "the metrics are longer than %d MiB: those of the last guests are left out",
	     (int)PUBLISH_MAX >> 20);
}

static void add_error(struct serve *s, const char *kind)
{
	metrics__add_error(s->metrics, kind);
	publish(s);
}

/* Starts the web process if there is none, or if it has another directory than the records are kept
 * in by now. */
static void follow_web(struct serve *s)
{
	uint64_t now = clock__ms();
	int err;

	if (s->store.dir < 0 || (web_process__fd(&s->web) >= 0 && s->web_has == s->store.opened))
		return;
	if (s->web_has == s->store.opened && now < s->web.started_ms + WEB_PROCESS_PERIOD_MS)
		return;
	s->web_has = s->store.opened;
	err = web_process__start(&s->web, s->store.dir);
	if (err) {
		add_error(s, "web");
		fail(STATUS_FAULT, "cannot start the web process: %s", strerror(-err));
	}
}

static void on_web(struct serve *s)
{
	char how[64];

	if (web_process__has_ended(&s->web, how, sizeof(how))) {
		add_error(s, "web");
		fail(STATUS_FAULT, "the web process %s, another one is started", how);
	}
	follow_web(s);
}

static void on_record(struct record *r, void *data)
{
	const struct record_target *t = &r->target[0];
	struct serve *s = data;
	int err = metrics__add(s->metrics, r);

	publish(s);
	/* A record in another directory than before is not to be missed by who sees it there. */
	if (!err)
		err = store__follow(&s->store);
	follow_web(s);
	if (!err)
		err = store__add(&s->store, r, (r->start_ns + clock__wall_after_boot_ns()) / 1000);
	tell_room(r);
	if (err) {
		add_error(s, "store");
		fail(STATUS_FAULT, "the record of a migration of pid %u cannot be kept in %s: %s",
		     t->pid, s->records, strerror(-err));
	} else if (!s->quiet) {
		const char *outcome = names__word(NAMES_OUTCOME, r->migration.outcome);

		fprintf(stderr, "pid %u: %s, migration %s\n", t->pid,
			names__word(NAMES_ROLE, r->migration.role), outcome ? outcome : "unknown");
	}
}

static void on_problem(pid_t pid, const char *kind, const char *what, void *data)
{
	(void)pid;
	add_error(data, kind);
	fail(STATUS_FAULT, "%s", what);
}

static void on_watched(pid_t pid, void *data)
{
	const struct serve *s = data;

	if (!s->quiet)
		fprintf(stderr, "pid %d: watched\n", (int)pid);
}

static void publish_tables(struct serve *s)
{
	struct tracer_table v[TRACER_TABLES_MAX];
	struct metrics_table out[METRICS_TABLES_MAX];
	size_t n = watcher__tables(s->watcher, v);

	static_assert((int)TRACER_TABLES_MAX <= (int)METRICS_TABLES_MAX, "all are told");
	for (size_t i = 0; i < n; i++)
		out[i] = (struct metrics_table){v[i].name, v[i].used, v[i].size};
	metrics__set_tables(s->metrics, out, n);
	publish(s);
	s->active = false;
	s->tables_ms = clock__ms();
}

static void reload(struct serve *s)
{
	struct rules *rules = NULL;

	/* The error has been printed: the old rules stay in use. */
	if (rules_files__open(&s->rules_files, &rules) == STATUS_OK) {
		watcher__use_rules(s->watcher, rules);
		rules__free(s->rules);
		s->rules = rules;
	} else {
		add_error(s, "rules");
	}
	store__trim(&s->store);
	watcher__scan(s->watcher);
}

/* Returns true if the service should end. */
static bool on_signal(struct serve *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGHUP)
			return true;
		reload(s);
	}
	return false;
}

/* Once a second, whatever else happens. */
static void beat(struct serve *s)
{
	publish__beat(s->publication, true);
	store__follow(&s->store);
	follow_web(s);
	s->beat_ms = clock__ms() + BEAT_MS;
}

/* Returns false if it is time for a sign of life, and for nothing else that is known of yet. */
static bool await(const struct serve *s, struct loop *l)
{
	uint64_t watcher_ms, now;

	loop__begin(l);
	watcher__await(s->watcher, l);
	watcher_ms = l->until_ms;
	loop__await(l, s->signal_fd);
	loop__await(l, web_process__fd(&s->web));
	loop__await_time(l, s->beat_ms);
	loop__wait(l);
	now = clock__ms();
	return now < s->beat_ms || now >= watcher_ms;
}

/* What the watcher does changes how full its tables are. They are read and published at once, but
 * not more than once a second: it takes reads of all of them. */
static int run(struct serve *s)
{
	struct loop l = {0};

	for (bool works = await(s, &l); !on_signal(s); works = await(s, &l)) {
		if (works)
			watcher__run(s->watcher);
		s->active |= works;
		on_web(s);
		if (clock__ms() >= s->beat_ms)
			beat(s);
		if (s->active && clock__ms() >= s->tables_ms + BEAT_MS)
			publish_tables(s);
	}
	loop__free(&l);
	return STATUS_OK;
}

/* Starts the web process. It comes before the kernel programs are loaded, and answers meanwhile. */
static int start_web(struct serve *s)
{
	int listen_fd = listen__open(s->listen), memory_fd, err;

	if (listen_fd < 0)
		return fail(STATUS_USAGE, "cannot listen at %s: %s", s->listen,
			    strerror(-listen_fd));
	memory_fd = publish__open(&s->publication);
	err = memory_fd < 0 ? memory_fd : web_process__open(&s->web, listen_fd, memory_fd);
	close(listen_fd);
	if (memory_fd >= 0)
		close(memory_fd);
	if (!err) {
		publish(s);
		s->web_has = s->store.opened;
		err = web_process__start(&s->web, s->store.dir);
	}
	return err ? fail(STATUS_FAULT, "cannot start the web process: %s", strerror(-err))
		   : STATUS_OK;
}

/* Until the programs are loaded there is nothing to write before the end, and loading cannot be
 * interrupted otherwise. */
static struct web_process *to_end;

static void end_at_once(int signal)
{
	(void)signal;
	/* Whoever starts the service again finds nobody at its address. */
	web_process__close(to_end);
	_exit(STATUS_OK);
}

static int start(struct serve *s)
{
	static const struct resolver_options names;
	const struct watcher_calls calls = {
		.record = on_record, .watched = on_watched, .problem = on_problem, .data = s};
	char why[512];
	int err, status;

	err = store__open(&s->store, s->records, s->max_size);
	if (err)
		return fail(STATUS_USAGE, "cannot keep records in %s: %s", s->records,
			    strerror(-err));
	s->metrics = metrics__new();
	if (!s->metrics)
		return fail(STATUS_FAULT, "%s", strerror(ENOMEM));
	status = start_web(s);
	if (status)
		return status;
	err = watcher__open(&s->watcher, &s->tracer, &names, &calls, why, sizeof(why));
	if (err)
		return fail_tracer(err, why);
	watcher__use_rules(s->watcher, s->rules);
	publish_tables(s);
	beat(s);
	if (!s->quiet)
		fprintf(stderr, "serving at %s, records in %s, %s mode\n", s->listen, s->records,
			mode__name(watcher__mode(s->watcher)));
	return STATUS_OK;
}

int cmd_serve(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{&rules_argp, 0, NULL, 0}, {&tracing_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {argp_options, parse, NULL, doc, children, 0, 0};
	struct serve s = {
		.listen = "127.0.0.1:9477",
		.records = "/var/lib/migpop",
		.max_size = 256ULL << 20,
		.tracer = {.stack = STACK_CFI,
			   .rests = true,
			   .arm_started = AWAITS_STREAM | AWAITS_THREAD,
			   .max_sites = SITES},
		.store = {.dir = -1},
		.web = {.listen_fd = -1, .publication_fd = -1, .life_fd = -1, .pidfd = -1},
		.signal_fd = -1};
	int status;

	if (argp_parse(&argp, argc, argv, 0, NULL, &s))
		return STATUS_USAGE;
	tracer__set_verbose(s.verbose);
	status = check_surroundings();
	if (!status)
		status = rules_files__open(&s.rules_files, &s.rules);
	if (status)
		return status;
	to_end = &s.web;
	signal(SIGINT, end_at_once);
	signal(SIGTERM, end_at_once);
	signal(SIGHUP, SIG_IGN);
	status = start(&s);
	if (!status) {
		s.signal_fd = open_signals((const int[]){SIGINT, SIGTERM, SIGHUP, 0});
		status = run(&s);
	}
	watcher__close(s.watcher);
	web_process__close(&s.web);
	publish__close(s.publication);
	metrics__free(s.metrics);
	store__close(&s.store);
	rules__free(s.rules);
	if (s.signal_fd >= 0)
		close(s.signal_fd);
	return status;
}
