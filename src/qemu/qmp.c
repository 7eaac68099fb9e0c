// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Talks QMP over a UNIX socket: non-blocking, with one deadline for each call. Replies are matched
 * to commands by id, so that neither an event nor a late reply is taken for the answer.
 */
#include "qemu/qmp.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define QMP_MESSAGE_MAX ((size_t)64 << 20)

/* GREETING_MS: how long to wait before looking why there is no greeting. UNIX_LISTENS:
 * __SO_ACCEPTCON of include/linux/net.h. */
enum { GREETING_MS = 700, UNIX_LISTENS = 1 << 16 };

struct qmp {
	int fd;
	int timeout_ms;
	int dead; /* negative errno after which the connection cannot be used any more; else 0 */
	int64_t next_id;
	qmp_event_fn *on_event; /* NULL: events are dropped */
	void *on_event_opaque;
	struct json_tokener *tokener;
	size_t message; /* bytes of the message that is being parsed */
	size_t start;   /* [start, end) of "buffer" has been read but not parsed yet */
	size_t end;
	char buffer[16384];
	char error[512];
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

__attribute__((format(printf, 3, 4))) static int fail(struct qmp *qmp, int err, const char *fmt,
						      ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(qmp->error, sizeof(qmp->error), fmt, args);
	va_end(args);
	return err;
}

/* Notes that the connection cannot be used any more, and why, for all later calls. */
static int die(struct qmp *qmp, int err, const char *what)
{
	qmp->dead = err;
	return fail(qmp, err, "%s: %s", what, strerror(-err));
}

static int wait_ready(struct qmp *qmp, short events, int64_t deadline)
{
	struct pollfd pfd = {.fd = qmp->fd, .events = events};

	for (;;) {
		int64_t left = deadline - now_ms();
		int n = poll(&pfd, 1, left > 0 ? (int)left : 0);

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0 && left <= 0)
			return -ETIMEDOUT;
	}
}

static int send_all(struct qmp *qmp, const char *data, size_t size, int64_t deadline)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = send(qmp->fd, data + done, size - done, MSG_NOSIGNAL);
		int err;

		if (n >= 0) {
			done += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return die(qmp, -errno, "cannot write to QEMU's monitor");
		err = wait_ready(qmp, POLLOUT, deadline);
		/* Half a command cannot be taken back, and whatever followed it would be garbage.
		 * */
		if (err && done)
			return die(qmp, err, "monitor does not take a command");
		if (err)
			return fail(qmp, err, "monitor does not take a command: %s",
				    strerror(-err));
	}
	return 0;
}

/* Reads what has arrived. Returns -EAGAIN if nothing has, which is no failure and sets no error
 * text. */
static int fill(struct qmp *qmp)
{
	ssize_t n;

	do
		n = recv(qmp->fd, qmp->buffer, sizeof(qmp->buffer), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return -EAGAIN;
	if (n < 0)
		return die(qmp, -errno, "cannot read from QEMU's monitor");
	if (n == 0)
		return die(qmp, -ECONNRESET, "QEMU closed its monitor");
	qmp->start = 0;
	qmp->end = (size_t)n;
	return 0;
}

/* Takes one message out of the buffer. Returns -EAGAIN if the message is not complete. */
static int parse(struct qmp *qmp, json_object **message)
{
	size_t size = qmp->end - qmp->start;
	enum json_tokener_error jerr;

	if (!size)
		return -EAGAIN;
	*message = json_tokener_parse_ex(qmp->tokener, qmp->buffer + qmp->start, (int)size);
	jerr = json_tokener_get_error(qmp->tokener);
	if (jerr == json_tokener_continue) {
		qmp->start = qmp->end;
		qmp->message += size;
		if (qmp->message > QMP_MESSAGE_MAX)
			return die(qmp, -EMSGSIZE, "message from QEMU's monitor");
		return -EAGAIN;
	}
	if (jerr != json_tokener_success) {
		fail(qmp, -EPROTO, "not QMP: %s", json_tokener_error_desc(jerr));
		return qmp->dead = -EPROTO;
	}
	qmp->start += json_tokener_get_parse_end(qmp->tokener);
	qmp->message = 0;
	json_tokener_reset(qmp->tokener);
	if (!json_object_is_type(*message, json_type_object)) {
		json_object_put(*message);
		*message = NULL;
		fail(qmp, -EPROTO, "not QMP: not an object");
		return qmp->dead = -EPROTO;
	}
	return 0;
}

static int64_t member(json_object *object, const char *name)
{
	json_object *value = NULL;

	json_object_object_get_ex(object, name, &value);
	return json_object_get_int64(value);
}

/* Calls the event handler if the message is an event. */
static void deliver(const struct qmp *qmp, json_object *message)
{
	json_object *name = NULL, *data = NULL, *time = NULL;

	if (!qmp->on_event || !json_object_object_get_ex(message, "event", &name) ||
	    !json_object_is_type(name, json_type_string))
		return;
	json_object_object_get_ex(message, "data", &data);
	json_object_object_get_ex(message, "timestamp", &time);
	qmp->on_event(json_object_get_string(name), data,
		      member(time, "seconds") * 1000000 + member(time, "microseconds"),
		      qmp->on_event_opaque);
}

void qmp__on_event(struct qmp *qmp, qmp_event_fn *event, void *opaque)
{
	qmp->on_event = event;
	qmp->on_event_opaque = opaque;
}

static int receive(struct qmp *qmp, json_object **message, int64_t deadline)
{
	int err;

	while ((err = parse(qmp, message)) == -EAGAIN) {
		err = fill(qmp);
		if (err == -EAGAIN)
			err = wait_ready(qmp, POLLIN, deadline);
		if (err)
			return err;
	}
	return err;
}

/* Turns QEMU's error into an errno: its class tells a missing command from one that failed. */
static int refused(struct qmp *qmp, const char *command, json_object *error)
{
	json_object *class = NULL, *desc = NULL;
	const char *name;
	int err = -EREMOTEIO;

	json_object_object_get_ex(error, "class", &class);
	json_object_object_get_ex(error, "desc", &desc);
	name = class ? json_object_get_string(class) : "";
	if (!strcmp(name, "CommandNotFound"))
		err = -EOPNOTSUPP;
	return fail(qmp, err, "%s: %s", command, desc ? json_object_get_string(desc) : "refused");
}

/* Returns 1, with *ret set, or a negative errno, if the message is the reply to command "id"; 0 if
 * it is not. */
static int answer(struct qmp *qmp, json_object *message, const char *command, int64_t id,
		  json_object **ret)
{
	json_object *value = NULL, *tag = NULL;
	bool ours;

	json_object_object_get_ex(message, "id", &tag);
	ours = tag && json_object_get_int64(tag) == id;
	/* An error without an id is about input that QEMU could not parse: that is our command, the
	 * last one sent. */
	if (json_object_object_get_ex(message, "error", &value) && (ours || !tag))
		return refused(qmp, command, value);
	if (!ours || !json_object_object_get_ex(message, "return", &value))
		return 0;
	if (ret)
		*ret = json_object_get(value);
	return 1;
}

static int send_command(struct qmp *qmp, const char *command, json_object *arguments, int64_t id,
			int64_t deadline)
{
	json_object *request = json_object_new_object();
	int err = -ENOMEM;
	const char *text;
	size_t size;

	if (!request)
		goto out;
	if (json_object_object_add(request, "execute", json_object_new_string(command)) ||
	    json_object_object_add(request, "id", json_object_new_int64(id)))
		goto out;
	if (arguments && json_object_object_add(request, "arguments", json_object_get(arguments)))
		goto out;
	text = json_object_to_json_string_length(request, JSON_C_TO_STRING_PLAIN, &size);
	if (!text)
		goto out;
	err = send_all(qmp, text, size, deadline);
out:
	if (err == -ENOMEM)
		fail(qmp, err, "%s: %s", command, strerror(ENOMEM));
	json_object_put(request);
	return err;
}

static int execute(struct qmp *qmp, const char *command, json_object *arguments, json_object **ret,
		   int64_t deadline)
{
	int64_t id = ++qmp->next_id;
	int err;

	if (ret)
		*ret = NULL;
	if (qmp->dead)
		return qmp->dead;
	err = send_command(qmp, command, arguments, id, deadline);
	while (!err) {
		json_object *message = NULL;

		err = receive(qmp, &message, deadline);
		if (err == -ETIMEDOUT)
			fail(qmp, err, "%s: no reply within %d ms", command, qmp->timeout_ms);
		if (err)
			break;
		err = answer(qmp, message, command, id, ret);
		deliver(qmp, message);
		json_object_put(message);
	}
	return err > 0 ? 0 : err;
}

int qmp__execute(struct qmp *qmp, const char *command, json_object *arguments, json_object **ret)
{
	return execute(qmp, command, arguments, ret, now_ms() + qmp->timeout_ms);
}

/*
 * Connects in blocking mode, bounded by SO_SNDTIMEO. A non-blocking connect() would fail with
 * EAGAIN if the listener's queue is full, and then there is nothing to poll for.
 */
static int connect_to(const char *path, int timeout_ms)
{
	struct timeval tv = {.tv_sec = timeout_ms / 1000,
			     .tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd, err;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)))
		goto fail;
	do
		err = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	while (err && errno == EINTR);
	if (err)
		goto fail;
	if (fcntl(fd, F_SETFL, O_NONBLOCK))
		goto fail;
	return fd;
fail:
	err = errno == EAGAIN ? -ETIMEDOUT : -errno;
	close(fd);
	return err;
}

/* True if another client is connected to the socket at "path". The kernel's list shows the path for
 * every connection, ours among them, because a connection takes the address of its listener
 * (net/unix/af_unix.c). */
static bool is_held(const char *path)
{
	unsigned long refs, protocol, flags, type, state, connected = 0;
	FILE *f = fopen("/proc/self/net/unix", "re");
	char line[512], name[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*[^:]: %lx %lx %lx %lx %lx %*u %255[^\n]", &refs, &protocol,
			   &flags, &type, &state, name) == 6 &&
		    !(flags & UNIX_LISTENS) && !strcmp(name, path))
			connected++;
	if (f)
		fclose(f);
	return connected > 1;
}

static int receive_greeting(struct qmp *qmp, const char *path, json_object **greeting,
			    int64_t deadline)
{
	int64_t look = now_ms() + GREETING_MS;
	int err = receive(qmp, greeting, look < deadline ? look : deadline);

	if (err != -ETIMEDOUT)
		return err;
	return is_held(path) ? -EBUSY : receive(qmp, greeting, deadline);
}

static int greet(struct qmp *qmp, const char *path, int64_t deadline)
{
	json_object *greeting = NULL, *value = NULL;
	int err;

	err = receive_greeting(qmp, path, &greeting, deadline);
	if (err)
		return err;
	if (!json_object_object_get_ex(greeting, "QMP", &value))
		err = -EPROTO;
	json_object_put(greeting);
	return err ? err : execute(qmp, "qmp_capabilities", NULL, NULL, deadline);
}

int qmp__open(struct qmp **out, const char *path, int timeout_ms)
{
	int64_t deadline = now_ms() + timeout_ms;
	struct qmp *qmp;
	int err;

	*out = NULL;
	if (timeout_ms <= 0)
		return -EINVAL;
	qmp = calloc(1, sizeof(*qmp));
	if (!qmp)
		return -ENOMEM;
	qmp->timeout_ms = timeout_ms;
	qmp->fd = connect_to(path, timeout_ms);
	if (qmp->fd < 0) {
		err = qmp->fd;
		goto fail;
	}
	qmp->tokener = json_tokener_new();
	if (!qmp->tokener) {
		err = -ENOMEM;
		goto fail;
	}
	err = greet(qmp, path, deadline);
	if (err)
		goto fail;
	*out = qmp;
	return 0;
fail:
	qmp__close(qmp);
	return err;
}

int qmp__migration_status(struct qmp *qmp, char *status, size_t size)
{
	json_object *info = NULL, *value = NULL;
	const char *name = "none";
	int err;

	if (size)
		status[0] = '\0';
	err = qmp__execute(qmp, "query-migrate", NULL, &info);
	if (err)
		return err;
	if (json_object_object_get_ex(info, "status", &value))
		name = json_object_get_string(value);
	if ((size_t)snprintf(status, size, "%s", name) >= size)
		err = fail(qmp, -ENOSPC, "migration status %s: %s", name, strerror(ENOSPC));
	json_object_put(info);
	return err;
}

int qmp__fd(const struct qmp *qmp)
{
	return qmp->fd;
}

pid_t qmp__peer(const struct qmp *qmp)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(qmp->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) ? 0 : peer.pid;
}

int qmp__drain(struct qmp *qmp)
{
	int err = qmp->dead;

	while (!err) {
		json_object *message = NULL;

		err = parse(qmp, &message);
		if (!err)
			deliver(qmp, message);
		json_object_put(message);
		if (err == -EAGAIN)
			err = fill(qmp);
	}
	return err == -EAGAIN ? 0 : err;
}

const char *qmp__error(const struct qmp *qmp)
{
	return qmp->error;
}

void qmp__close(struct qmp *qmp)
{
	if (!qmp)
		return;
	if (qmp->fd >= 0)
		close(qmp->fd);
	if (qmp->tokener)
		json_tokener_free(qmp->tokener);
	free(qmp);
}
