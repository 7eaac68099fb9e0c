// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bounds for each client and for all together. When there is no room for a new client or for an
 * answer, the client whose request has taken longest gives way.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "clock.h"
#include "loop.h"
#include "serve/http.h"

enum {
	CONNECTIONS_MANY = 96,
	CONNECTIONS_MAX = 128,
	IDLE_SECONDS = 10,
	REQUEST_MS = 30000,
	REQUEST_MEMORY = 32 * 1024,
	/* of all answers in memory that are under way, unless there is but one */
	ANSWER_BYTES = 64 << 20,
};

struct client {
	int fd;            /* -1: this entry is free */
	uint64_t since_ms; /* when its request began: at the connection, or when the request before
			      was answered */
	uint64_t bytes;    /* of memory, of the answer that is under way */
};

struct http {
	struct MHD_Daemon *daemon;
	struct client clients[CONNECTIONS_MAX];
	http_request_fn *request;
	void *data;
};

struct http_request {
	struct MHD_Connection *connection;
	struct http *http;
	struct http_answer answer; /* its status is 0 until there is one */
	bool waits;
};

static struct client *oldest(struct http *h, size_t *n)
{
	struct client *found = NULL;

	*n = 0;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		struct client *c = &h->clients[i];

		if (c->fd < 0)
			continue;
		++*n;
		if (!found || c->since_ms < found->since_ms)
			found = c;
	}
	return found;
}

/* The daemon notices that the connection has ended, and frees what belongs to it. */
static void hang_up(struct client *c)
{
	shutdown(c->fd, SHUT_RDWR);
	*c = (struct client){.fd = -1};
}

static void come(struct http *h, int fd, struct client **place)
{
	size_t n;
	struct client *first = oldest(h, &n);

	if (n >= CONNECTIONS_MANY)
		hang_up(first);
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		if (h->clients[i].fd >= 0)
			continue;
		h->clients[i] = (struct client){.fd = fd, .since_ms = clock__ms()};
		*place = &h->clients[i];
		return;
	}
}

/* Returns the entry of a connection; NULL if it had to give way, and its entry may be another's. */
static struct client *client_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *fd =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	const union MHD_ConnectionInfo *place =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct client *c = place ? place->socket_context : NULL;

	return c && fd && c->fd == fd->connect_fd ? c : NULL;
}

static void on_connection(void *data, struct MHD_Connection *connection, void **place,
			  enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct client *c = *place;

	if (!info)
		return;
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		come(data, info->connect_fd, (struct client **)place);
	else if (c && c->fd == info->connect_fd)
		c->fd = -1;
}

/* Returns the client whose answer takes memory for longest, and in *sum what all of them take. */
static struct client *oldest_taker(struct http *h, uint64_t *sum)
{
	struct client *found = NULL;

	*sum = 0;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		struct client *c = &h->clients[i];

		if (c->fd < 0 || !c->bytes)
			continue;
		*sum += c->bytes;
		if (!found || c->since_ms < found->since_ms)
			found = c;
	}
	return found;
}

/* Makes room for the bytes of an answer. */
static void take_room(struct http *h, struct client *c, uint64_t bytes)
{
	struct client *first;
	uint64_t sum;

	c->bytes = bytes;
	while ((first = oldest_taker(h, &sum)) && sum > ANSWER_BYTES && sum > first->bytes)
		hang_up(first);
}

static struct MHD_Response *response__new(struct http_answer *a)
{
	struct MHD_Response *response;

	if (a->text)
		response = MHD_create_response_from_buffer((size_t)a->len, a->text,
							   MHD_RESPMEM_MUST_FREE);
	else
		response = MHD_create_response_from_fd64(a->len, a->fd);
	if (!response && a->text)
		free(a->text);
	else if (!response)
		close(a->fd);
	return response;
}

static enum MHD_Result send_answer(struct http_request *r)
{
	struct client *c = client_of(r->connection);
	struct http_answer *a = &r->answer;
	struct MHD_Response *response = response__new(a);
	enum MHD_Result sent;

	if (!response)
		return MHD_NO;
	if (c && !a->on_disk)
		take_room(r->http, c, a->len);
	if (a->type)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, a->type);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	/* Pages need no other file. So if a name from outside smuggled HTML in, it could load
	 * nothing. */
	MHD_add_response_header(response, "Content-Security-Policy",
				"default-src 'none'; script-src 'unsafe-inline'; "
				"style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
				"form-action 'none'; frame-ancestors 'none'");
	if (a->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	if (a->status == MHD_HTTP_SERVICE_UNAVAILABLE)
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
	sent = MHD_queue_response(r->connection, a->status, response);
	MHD_destroy_response(response);
	return sent;
}

void http__wait(struct http_request *r)
{
	r->waits = true;
	MHD_suspend_connection(r->connection);
}

void http__answer(struct http_request *r, struct http_answer a)
{
	r->answer = a;
	if (r->waits)
		MHD_resume_connection(r->connection);
}

void http__answer_line(struct http_request *r, unsigned int status, const char *format, ...)
{
	char line[256];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (len < 0 || len > (int)sizeof(line) - 2)
		len = (int)sizeof(line) - 2;
	memcpy(line + len, "\n", 2);
	http__answer(r, (struct http_answer){.status = status,
					     .type = "text/plain; charset=utf-8",
					     .text = strdup(line),
					     .len = (uint64_t)len + 1,
					     .fd = -1});
}

/* libmicrohttpd calls it when the head of a request has been read, with each piece of its body,
 * when the whole of it has been read, and again when a connection was resumed. */
static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **state)
{
	struct http_request *r = *state;
	struct http *h = data;

	(void)version;
	(void)upload;
	if (!r) {
		r = *state = calloc(1, sizeof(*r));
		if (r)
			*r = (struct http_request){.connection = connection, .http = h};
		return r ? MHD_YES : MHD_NO;
	}
	if (*upload_size) { /* a body is read and dropped before the answer */
		*upload_size = 0;
		return MHD_YES;
	}
	if (!r->answer.status) {
		if (!strcmp(method, MHD_HTTP_METHOD_GET) || !strcmp(method, MHD_HTTP_METHOD_HEAD))
			h->request(r, url, h->data);
		else
			http__answer_line(r, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD");
	}
	return r->waits && !r->answer.status ? MHD_YES : send_answer(r);
}

static void on_answered(void *data, struct MHD_Connection *connection, void **state,
			enum MHD_RequestTerminationCode code)
{
	struct client *c = client_of(connection);

	(void)data;
	(void)code;
	free(*state);
	*state = NULL;
	if (c)
		*c = (struct client){.fd = c->fd, .since_ms = clock__ms()};
}

/* libmicrohttpd would write a line to stderr for every client that hangs up. */
static void say_nothing(void *data, const char *format, va_list args)
{
	(void)data;
	(void)format;
	(void)args;
}

/* Does not decode %XX: names need no escapes, and a decoded %00 would end the string early. */
static size_t leave_escaped(void *data, struct MHD_Connection *connection, char *text)
{
	(void)data;
	(void)connection;
	return strlen(text);
}

int http__open(struct http **out, int listen_fd, http_request_fn *request, void *data)
{
	const unsigned int flags = MHD_USE_EPOLL | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME;
	struct http *h = calloc(1, sizeof(*h));
	int err;

	*out = NULL;
	if (!h)
		return -ENOMEM;
	h->request = request;
	h->data = data;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		h->clients[i].fd = -1;
	errno = 0;
	h->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_NOTIFY_COMPLETED,
		on_answered, h, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
		MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned int)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned int)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)REQUEST_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (!h->daemon) {
		err = errno ? -errno : -ENOMEM;
		free(h);
		return err;
	}
	*out = h;
	return 0;
}

void http__await(const struct http *h, struct loop *l)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	MHD_UNSIGNED_LONG_LONG ms;

	loop__await(l, info ? info->epoll_fd : -1);
	if (MHD_get_timeout(h->daemon, &ms) == MHD_YES)
		loop__await_time(l, clock__ms() + ms);
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (h->clients[i].fd >= 0)
			loop__await_time(l, h->clients[i].since_ms + REQUEST_MS);
}

void http__run(struct http *h)
{
	struct client *c;
	size_t n;

	while ((c = oldest(h, &n)) && clock__ms() - c->since_ms >= REQUEST_MS)
		hang_up(c);
	MHD_run(h->daemon);
}
