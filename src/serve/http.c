// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Routes requests and answers them, with libmicrohttpd. Paths are only compared, never opened;
 * whether the name of a record is valid is for the store to decide.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <microhttpd.h>

#include "output/formats.h"
#include "output/json.h"
#include "serve/http.h"

/* A slow client must not keep others out. When there are many clients, a new one replaces the
 * client whose request has taken longest. No request may take longer than REQUEST_MS. */
enum {
	CONNECTIONS_MANY = 96,
	CONNECTIONS_MAX = 128,
	IDLE_SECONDS = 10,
	REQUEST_MS = 30000,
	REQUEST_MEMORY = 32 * 1024,
};

struct client {
	int fd;            /* -1: this entry is free */
	uint64_t since_ms; /* when its request began: at the connection, or when the request before
			      was answered */
};

struct http {
	struct MHD_Daemon *daemon;
	struct client clients[CONNECTIONS_MAX];
	struct store *store;
	const struct metrics *metrics;
};

struct answer {
	unsigned int status;
	const char *type;
	char *body;
	size_t len;
};

static void set_text(struct answer *a, unsigned int status, const char *text)
{
	a->status = status;
	a->type = "text/plain; charset=utf-8";
	a->body = strdup(text);
	a->len = a->body ? strlen(a->body) : 0;
}

static void answer_metrics(struct http *h, const char *name, struct answer *a)
{
	FILE *f = open_memstream(&a->body, &a->len);

	(void)name;
	if (!f)
		return;
	metrics__write(h->metrics, f);
	fclose(f);
	a->type = "text/plain; version=0.0.4; charset=utf-8";
}

static void answer_health(struct http *h, const char *name, struct answer *a)
{
	(void)h;
	(void)name;
	set_text(a, MHD_HTTP_OK, "ok\n");
}

/* A record's name consists of letters that have no meaning in HTML. */
static int put_row(const char *name, void *data)
{
	fprintf(data,
		"<li><a href=\"/report/%s\">%s</a> (<a href=\"/record/%s\">record</a>, "
		"<a href=\"/pprof/%s\">pprof</a>)\n",
		name, name, name, name);
	return 0;
}

static void answer_index(struct http *h, const char *name, struct answer *a)
{
	FILE *f = open_memstream(&a->body, &a->len);

	(void)name;
	if (!f)
		return;
	fputs("<!doctype html><meta charset=utf-8><title>migpop</title><link rel=icon "
	      "href=\"data:,\">\n"
	      "<h1>Migrations of this host</h1>\n<p><a href=\"/metrics\">metrics</a>\n<ul>\n",
	      f);
	store__each(h->store, put_row, f);
	fputs("</ul>\n", f);
	fclose(f);
	a->type = "text/html; charset=utf-8";
}

static void set_missing(struct answer *a, int err)
{
	if (err == -ENOENT)
		set_text(a, MHD_HTTP_NOT_FOUND, "no such record\n");
	else
		set_text(a, MHD_HTTP_INTERNAL_SERVER_ERROR, "the record cannot be read\n");
}

static void answer_record(struct http *h, const char *name, struct answer *a)
{
	int err = store__read(h->store, name, &a->body, &a->len);

	if (err)
		set_missing(a, err);
	else
		a->type = "application/json";
}

static void render(struct http *h, const char *name, const char *format, const char *type,
		   struct answer *a)
{
	struct record *r = NULL;
	char *text = NULL, why[256];
	size_t len = 0;
	FILE *f = NULL;
	int err = store__read(h->store, name, &text, &len);

	if (!err)
		err = output_json__parse(&r, text, len, why, sizeof(why));
	if (!err)
		f = open_memstream(&a->body, &a->len);
	if (f) {
		struct text_options none = {0};

		err = output_format__write(output_format__find(format), r, f, &none);
		fclose(f);
		a->type = type;
	}
	if (err) {
		free(a->body);
		set_missing(a, err);
	}
	record__free(r);
	free(text);
}

static void answer_report(struct http *h, const char *name, struct answer *a)
{
	render(h, name, "html", "text/html; charset=utf-8", a);
}

static void answer_pprof(struct http *h, const char *name, struct answer *a)
{
	render(h, name, "pprof", "application/octet-stream", a);
}

static const struct route {
	const char *path;
	bool named; /* the name of a record follows the path */
	void (*answer)(struct http *h, const char *name, struct answer *a);
} routes[] = {
	{"/", false, answer_index},         {"/metrics", false, answer_metrics},
	{"/healthz", false, answer_health}, {"/record/", true, answer_record},
	{"/report/", true, answer_report},  {"/pprof/", true, answer_pprof},
};

static const struct route *find_route(const char *path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		const struct route *r = &routes[i];

		if (r->named ? !strncmp(path, r->path, strlen(r->path)) : !strcmp(path, r->path))
			return r;
	}
	return NULL;
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, struct answer *a)
{
	struct MHD_Response *response;
	enum MHD_Result sent;

	if (!a->body) {
		a->status = MHD_HTTP_INTERNAL_SERVER_ERROR;
		a->len = 0;
	}
	response = MHD_create_response_from_buffer(a->len, a->body ? a->body : (char[]){0},
						   a->body ? MHD_RESPMEM_MUST_FREE
							   : MHD_RESPMEM_MUST_COPY);
	if (!response) {
		free(a->body);
		return MHD_NO;
	}
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
	sent = MHD_queue_response(connection, a->status, response);
	MHD_destroy_response(response);
	return sent;
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **state)
{
	static int seen; /* its address, as the state of a request, says that the head of the
			    request was read */
	struct answer a = {.status = MHD_HTTP_OK};
	const struct route *route;
	struct http *h = data;

	(void)version;
	(void)upload;
	if (!*state) {
		*state = &seen;
		return MHD_YES;
	}
	if (*upload_size) { /* a body is read and dropped before the answer */
		*upload_size = 0;
		return MHD_YES;
	}
	route = find_route(url);
	if (!route)
		set_text(&a, MHD_HTTP_NOT_FOUND, "no such page\n");
	else if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		set_text(&a, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	else
		route->answer(h, url + strlen(route->path), &a);
	return send_answer(connection, &a);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

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

/* The daemon notices that the connection has ended, and frees it. */
static void hang_up(struct client *c)
{
	shutdown(c->fd, SHUT_RDWR);
	c->fd = -1;
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
		h->clients[i] = (struct client){fd, now_ms()};
		*place = &h->clients[i];
		return;
	}
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

static void on_answered(void *data, struct MHD_Connection *connection, void **state,
			enum MHD_RequestTerminationCode code)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct client *c = info ? info->socket_context : NULL;

	(void)data;
	(void)state;
	(void)code;
	if (c)
		c->since_ms = now_ms();
}

static int parse_address(const char *text, struct sockaddr_storage *out)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	const char *colon = strrchr(text, ':');
	char host[64], *end;
	unsigned long port;
	size_t len;

	memset(out, 0, sizeof(*out));
	if (!colon || colon[1] < '0' || colon[1] > '9')
		return -EINVAL;
	port = strtoul(colon + 1, &end, 10);
	len = (size_t)(colon - text);
	if (*end || port > 65535 || !len || len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (*host == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
		return inet_pton(AF_INET6, host + 1, &six->sin6_addr) == 1 ? 0 : -EINVAL;
	}
	four->sin_family = AF_INET;
	four->sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, host, &four->sin_addr) == 1 ? 0 : -EINVAL;
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

int http__open(struct http **out, const char *address, struct store *store,
	       const struct metrics *metrics)
{
	unsigned int flags = MHD_USE_EPOLL | MHD_USE_ERROR_LOG;
	struct sockaddr_storage at;
	struct http *h;
	int err = parse_address(address, &at);

	*out = NULL;
	if (err)
		return err;
	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->store = store;
	h->metrics = metrics;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		h->clients[i].fd = -1;
	if (at.ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	errno = 0;
	h->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_NOTIFY_COMPLETED,
		on_answered, h, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
		MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&at, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned int)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned int)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)REQUEST_MEMORY, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (!h->daemon) {
		err = errno ? -errno : -EADDRINUSE;
		free(h);
		return err;
	}
	*out = h;
	return 0;
}

void http__close(struct http *h)
{
	if (h)
		MHD_stop_daemon(h->daemon);
	free(h);
}

int http__fd(const struct http *h)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	return info ? info->epoll_fd : -1;
}

int http__timeout(const struct http *h)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(h->daemon, &ms) != MHD_YES)
		return -1;
	/* wake up now and then, to find slow clients */
	return ms > 1000 ? 1000 : (int)ms;
}

void http__run(struct http *h)
{
	struct client *c;
	size_t n;

	while ((c = oldest(h, &n)) && now_ms() - c->since_ms > REQUEST_MS)
		hang_up(c);
	MHD_run(h->daemon);
}
