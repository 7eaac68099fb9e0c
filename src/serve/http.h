/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP with libmicrohttpd: reads requests within bounds and sends answers. A client that is slow
 * gives way to others. It must not know what is asked for, nor what is answered.
 */
#ifndef MIGPOP_SERVE_HTTP_H
#define MIGPOP_SERVE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http;
struct http_request;
struct loop;

/* An answer takes over its text or descriptor. */
struct http_answer {
	unsigned int status;
	const char *type; /* of the content; a static string */
	char *text;       /* from malloc(); if it is NULL, what "fd" has is sent */
	uint64_t len;
	int fd;
	bool on_disk; /* "fd" is of a file that takes no memory while it is sent */
};

/* Called for each request with GET or HEAD. "path" is as the client sent it, without a query. It
 * answers by http__answer(), now or, after http__wait(), later. */
typedef void http_request_fn(struct http_request *r, const char *path, void *data);

/* Answers clients of the listening socket, in the thread that calls http__run(). Returns 0 or a
 * negative errno. There is no close: the process ends. */
int http__open(struct http **out, int listen_fd, http_request_fn *request, void *data);

/* Says what this turn of the loop waits for. */
void http__await(const struct http *h, struct loop *l);

/* Does what there is to do. It is called in each turn. */
void http__run(struct http *h);

/* Call it while the request is new, if the answer comes later. The request is there until then,
 * even if its client has gone. */
void http__wait(struct http_request *r);

/* Answers. The request must not be used any more. */
void http__answer(struct http_request *r, struct http_answer a);

/* Answers with a line of text. */
void http__answer_line(struct http_request *r, unsigned int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
