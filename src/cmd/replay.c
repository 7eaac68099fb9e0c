// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * migpop replay: loads the RAM of a migration stream as a destination would, and reports what it
 * cost.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "cmd/cmd.h"
#include "cmd/inout.h"
#include "cmd/replay_options.h"
#include "cmd/replay_trace.h"
#include "output/format.h"
#include "replay/memory.h"
#include "replay/report.h"
#include "stream/open.h"

struct replay {
	const struct replay_options *options;
	struct replay_memory memory;
	struct stream_info stream;
	struct replay_trace *trace; /* NULL without --trace */
	struct record *record;
	uint64_t ns;
};

static const char *stream_name(const struct replay_options *o)
{
	return o->listen ? o->listen : strcmp(o->path, "-") ? o->path : "standard input";
}

static void show_progress(const struct replay_memory *m)
{
	char loaded[FORMAT_NUMBER], declared[FORMAT_NUMBER];

	fprintf(stderr, "\r\033[Kloaded %s into %s", format__size(loaded, (double)m->loaded),
		format__size(declared, (double)m->declared));
}

static void end_progress(const struct replay_memory *m)
{
	if (m->progress)
		fputs("\r\033[K", stderr);
}

static void say_listening(const char *uri, void *opaque)
{
	const struct replay_options *o = opaque;

	if (!o->screen.quiet)
		fprintf(stderr, "waiting for a source on %s\n", uri);
}

static int open_stream(struct replay_options *o, struct stream_file *f)
{
	int err = o->listen ? stream_file__accept(f, o->listen, say_listening, o)
			    : stream_file__open(f, o->path);

	if (!err)
		return STATUS_OK;
	return fail(o->listen && err != -EINVAL && err != -ENXIO ? STATUS_FAULT : STATUS_USAGE,
		    "cannot %s %s: %s", o->listen ? "listen on" : "read", stream_name(o),
		    err == -ENXIO && o->listen ? "no such address" : strerror(-err));
}

static int fail_stream(const struct replay *r, const struct stream_error *e)
{
	if (r->memory.lacks_huge_pages)
		return fail(STATUS_MACHINE,
			    "too few huge pages of 2 MiB are free for RAM of %" PRIu64
			    " MiB: write more to /sys/kernel/mm/hugepages/hugepages-2048kB/"
			    "nr_hugepages",
			    r->memory.declared >> 20);
	return fail(STATUS_FAULT, "%s: offset %" PRIu64 ": %s", stream_name(r->options), e->offset,
		    e->text);
}

static int load(struct replay *r, struct stream_file *f)
{
	struct stream_sink sink = replay_memory__sink(&r->memory);
	struct stream_error error;
	uint64_t since;
	int err, status;

	status = r->trace ? replay_trace__begin(r->trace) : STATUS_OK;
	if (status)
		return status;
	since = clock__ns(CLOCK_MONOTONIC);
	err = stream__read(&f->source, &sink, &r->stream, &error);
	end_progress(&r->memory);
	if (err)
		return fail_stream(r, &error);
	err = replay_memory__finish(&r->memory);
	r->ns = clock__ns(CLOCK_MONOTONIC) - since;
	if (err)
		return fail(STATUS_FAULT, "cannot finish the memory: %s", strerror(-err));
	status = r->trace ? replay_trace__end(r->trace, &r->record) : STATUS_OK;
	stream_file__drain(f, r->stream.return_path);
	return status;
}

static int report(const struct replay *r, struct output_file *out)
{
	const struct replay_options *o = r->options;
	struct replay_report report = {.digest = o->digest,
				       .memory = &r->memory,
				       .stream = &r->stream,
				       .ns = r->ns,
				       .record = r->record};
	struct text_options text = output__text_options(out, o->screen.color);

	return output__finish(out, o->output,
			      o->json ? replay_report__json(&report, out->f)
				      : replay_report__text(&report, out->f, &text));
}

static int replay(struct replay_options *o, struct output_file *out)
{
	struct replay r = {.options = o, .memory = {.setup = o->setup}};
	struct stream_file f;
	int status, err;

	if (!o->screen.quiet && isatty(STDERR_FILENO))
		r.memory.progress = show_progress;
	status = o->trace ? replay_trace__open(&r.trace, o->screen.verbose) : STATUS_OK;
	if (!status)
		status = open_stream(o, &f);
	if (!status) {
		status = load(&r, &f);
		stream_file__close(&f);
	}
	if (!status && o->digest) {
		err = replay_memory__digest(&r.memory);
		if (err)
			status = fail(STATUS_FAULT, "cannot read the memory: %s", strerror(-err));
	}
	if (!status)
		status = report(&r, out);
	replay_trace__close(r.trace);
	record__free(r.record);
	replay_memory__free(&r.memory);
	return status;
}

int cmd_replay(int argc, char **argv)
{
	struct replay_options o;
	struct output_file out;
	int status = replay_options__parse(&o, argc, argv);

	if (status)
		return status;
	signal(SIGPIPE, SIG_IGN);
	status = output__open(&out, o.output, NULL);
	if (status)
		return status;
	status = replay(&o, &out);
	output_file__abort(&out);
	return status;
}
