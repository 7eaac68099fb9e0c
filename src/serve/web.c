// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The routes of the web process, and its loop.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "loop.h"
#include "serve/confine.h"
#include "serve/http.h"
#include "serve/publish.h"
#include "serve/record_files.h"
#include "serve/render.h"
#include "serve/web.h"

/* The tracer gives a sign of life each second, except while it loads its programs. A slow or busy
 * machine makes it late, and one large record. */
enum { STUCK_MS = 10000, LOADING_MS = 120000 };

/* Rows of the list of records: a page of some megabytes. */
enum { ROWS_MAX = 10000 };

enum { OK = 200, NOT_FOUND = 404, FAULT = 500, UNAVAILABLE = 503 };

struct web {
	struct http *http;
	struct renders renders;
	const struct publication *publication;
};

enum tracer_state { TRACER_WATCHES, TRACER_LOADS, TRACER_STUCK };

/* What is known of the tracer, and how long ago it gave a sign of life. */
static enum tracer_state tracer_state(const struct web *w, uint64_t *seconds)
{
	bool watches;
	uint64_t beat_ms = publication__beat_ms(w->publication, &watches), now = clock__ms();
	uint64_t ago = now > beat_ms ? now - beat_ms : 0;

	*seconds = ago / 1000;
	if (ago > (watches ? STUCK_MS : LOADING_MS))
		return TRACER_STUCK;
	return watches ? TRACER_WATCHES : TRACER_LOADS;
}

static void answer_stuck(struct http_request *r, uint64_t seconds)
{
	http__answer_line(r, UNAVAILABLE, "the tracer has given no sign of life for %" PRIu64 " s",
			  seconds);
}

/* Is the service alive? One that loads its programs is. */
static void answer_health(struct web *w, struct http_request *r, const char *name)
{
	uint64_t seconds;

	(void)name;
	if (tracer_state(w, &seconds) == TRACER_STUCK)
		answer_stuck(r, seconds);
	else
		http__answer_line(r, OK, "ok");
}

/* Does it watch the migrations of this host? */
static void answer_ready(struct web *w, struct http_request *r, const char *name)
{
	uint64_t seconds;

	(void)name;
	switch (tracer_state(w, &seconds)) {
	case TRACER_WATCHES:
		http__answer_line(r, OK, "ready");
		break;
	case TRACER_LOADS:
		http__answer_line(r, UNAVAILABLE, "the tracer is loading its programs");
		break;
	case TRACER_STUCK:
		answer_stuck(r, seconds);
		break;
	}
}

/* Answers with the text that was written to "f" by open_memstream(). */
static void answer_text(struct http_request *r, const char *type, FILE *f, char **text,
			const size_t *len)
{
	if (fclose(f)) {
		free(*text);
		http__answer_line(r, FAULT, "%s", strerror(ENOMEM));
		return;
	}
	http__answer(r, (struct http_answer){
				.status = OK, .type = type, .text = *text, .len = *len, .fd = -1});
}

/* What the tracer published, and what only another process can tell. */
static void answer_metrics(struct web *w, struct http_request *r, const char *name)
{
	char *text = NULL, *published = NULL;
	size_t len = 0, published_len = 0;
	FILE *f = open_memstream(&text, &len);
	uint64_t seconds;

	(void)name;
	if (f)
		published = publication__text(w->publication, &published_len);
	if (!published) {
		if (f)
			fclose(f);
		free(text);
		http__answer_line(r, FAULT, "%s", strerror(ENOMEM));
		return;
	}
	fprintf(f,
		"# HELP migpop_tracer_up Whether the tracer watches migrations, as /readyz says; "
		"if it is 0, the other metrics may be old.\n"
		"# TYPE migpop_tracer_up gauge\n"
		"migpop_tracer_up %d\n",
		tracer_state(w, &seconds) == TRACER_WATCHES);
	fwrite(published, 1, published_len, f);
	free(published);
	answer_text(r, "text/plain; version=0.0.4; charset=utf-8", f, &text, &len);
}

/* The name of a record consists of characters that have no meaning in HTML. */
static void put_row(FILE *f, const struct dirent *entry)
{
	int len = (int)strlen(entry->d_name) - (int)strlen(".json");
	const char *name = entry->d_name;

	fprintf(f,
		"<li><a href=\"/report/%.*s\">%.*s</a> (<a href=\"/record/%.*s\">record</a>, "
		"<a href=\"/pprof/%.*s\">pprof</a>)\n",
		len, name, len, name, len, name, len, name);
}

static void answer_index(struct web *w, struct http_request *r, const char *name)
{
	struct dirent **entries;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int n = f ? record_files__list(WEB_FD_RECORDS, &entries) : -ENOMEM;

	(void)w;
	(void)name;
	if (n < 0) {
		if (f)
			fclose(f);
		free(text);
		http__answer_line(r, FAULT, "the records cannot be listed: %s", strerror(-n));
		return;
	}
	fputs("<!doctype html><meta charset=utf-8><title>migpop</title><link rel=icon "
	      "href=\"data:,\">\n"
	      "<h1>Migrations of this host</h1>\n<p><a href=\"/metrics\">metrics</a>\n<ul>\n",
	      f);
	for (int i = 0; i < n && i < ROWS_MAX; i++)
		put_row(f, entries[i]);
	fputs("</ul>\n", f);
	if (n > ROWS_MAX)
		fprintf(f, "<p>%d older ones are not listed.\n", n - ROWS_MAX);
	record_files__free(entries, n);
	answer_text(r, "text/html; charset=utf-8", f, &text, &len);
}

static void answer_missing(struct http_request *r, int err)
{
	if (err == -ENOENT)
		http__answer_line(r, NOT_FOUND, "no such record");
	else
		http__answer_line(r, FAULT, "the record cannot be read: %s", strerror(-err));
}

static void answer_record(struct web *w, struct http_request *r, const char *name)
{
	uint64_t len;
	int fd = record_file__open(WEB_FD_RECORDS, name, &len);

	(void)w;
	if (fd < 0)
		answer_missing(r, fd);
	else
		http__answer(r, (struct http_answer){.status = OK,
						     .type = "application/json",
						     .on_disk = true,
						     .len = len,
						     .fd = fd});
}

static void on_rendered(struct http_request *r, const char *type, int err, int fd, uint64_t len)
{
	switch (-err) {
	case 0:
		http__answer(
			r, (struct http_answer){.status = OK, .type = type, .len = len, .fd = fd});
		break;
	case EINVAL:
		http__answer_line(r, FAULT, "the file is no record of migpop");
		break;
	case EFBIG:
		http__answer_line(r, FAULT,
				  "the record is too large to be rendered here: get /record/NAME, "
				  "and use migpop report");
		break;
	default:
		http__answer_line(r, FAULT, "the record cannot be rendered");
	}
}

static void on_report(int err, int fd, uint64_t len, void *data)
{
	on_rendered(data, "text/html; charset=utf-8", err, fd, len);
}

static void on_pprof(int err, int fd, uint64_t len, void *data)
{
	on_rendered(data, "application/octet-stream", err, fd, len);
}

static void render(struct web *w, struct http_request *r, const char *name, const char *format,
		   void (*done)(int err, int fd, uint64_t len, void *data))
{
	uint64_t len;
	int fd = record_file__open(WEB_FD_RECORDS, name, &len), err;

	if (fd < 0) {
		answer_missing(r, fd);
		return;
	}
	err = renders__begin(&w->renders, fd, len, format, done, r);
	if (!err)
		http__wait(r);
	else if (err == -EBUSY)
		http__answer_line(r, UNAVAILABLE, "%d reports are being rendered already",
				  (int)RENDERS_MAX);
	else
		answer_missing(r, err);
}

static void answer_report(struct web *w, struct http_request *r, const char *name)
{
	render(w, r, name, "html", on_report);
}

static void answer_pprof(struct web *w, struct http_request *r, const char *name)
{
	render(w, r, name, "pprof", on_pprof);
}

static const struct route {
	const char *path;
	bool named; /* the name of a record follows the path */
	void (*answer)(struct web *w, struct http_request *r, const char *name);
} routes[] = {
	{"/", false, answer_index},         {"/metrics", false, answer_metrics},
	{"/healthz", false, answer_health}, {"/readyz", false, answer_ready},
	{"/record/", true, answer_record},  {"/report/", true, answer_report},
	{"/pprof/", true, answer_pprof},
};

static void on_request(struct http_request *r, const char *path, void *data)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		const struct route *route = &routes[i];
		size_t len = strlen(route->path);

		if (route->named ? !strncmp(path, route->path, len) : !strcmp(path, route->path)) {
			route->answer(data, r, path + len);
			return;
		}
	}
	http__answer_line(r, NOT_FOUND, "no such page");
}

static int start(struct web *w)
{
	int err = publication__open(&w->publication, WEB_FD_PUBLICATION);

	renders__init(&w->renders);
	return err ? err : http__open(&w->http, WEB_FD_LISTEN, on_request, w);
}

static void run(struct web *w)
{
	struct loop l = {0};

	for (;;) {
		loop__begin(&l);
		loop__await(&l, WEB_FD_LIFE);
		renders__await(&w->renders, &l);
		http__await(w->http, &l);
		loop__wait(&l);
		if (loop__is_ready(&l, WEB_FD_LIFE))
			return;
		renders__run(&w->renders);
		http__run(w->http);
	}
}

int web__serve(void)
{
	char why[256] = "cannot begin";
	struct web w = {.publication = NULL};
	int err = child__begin("migpop-web");

	signal(SIGPIPE, SIG_IGN);
	if (!err)
		err = confine(WEB_FD_RECORDS, why, sizeof(why));
	if (!err) {
		err = start(&w);
		snprintf(why, sizeof(why), "cannot answer requests: %s", strerror(-err));
	}
	if (err)
		fprintf(stderr, "migpop: the web process %s\n", why);
	else
		run(&w);
	/* What it holds goes with the process: clients may still be connected. */
	_exit(err ? EXIT_FAILURE : EXIT_SUCCESS);
}
