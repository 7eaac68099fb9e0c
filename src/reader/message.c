// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages between the tracer and its helpers. Nothing that was received is trusted.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "reader/message.h"

static const uint64_t no_text = UINT64_MAX;

static void drop_fd(struct message *m)
{
	if (m->fd >= 0 && m->received)
		close(m->fd);
	m->fd = -1;
	m->received = false;
}

static bool make_room(struct message *m, size_t size)
{
	size_t room = m->room ? m->room : 4096;
	unsigned char *more;

	while (room < size)
		room *= 2;
	if (room == m->room)
		return true;
	more = realloc(m->body, room);
	if (!more)
		return false;
	m->body = more;
	m->room = room;
	return true;
}

void message__begin(struct message *m, uint32_t type)
{
	drop_fd(m);
	m->header = (struct message_header){.type = type};
	m->at = 0;
	m->bad = !make_room(m, 1);
}

void message__free(struct message *m)
{
	drop_fd(m);
	free(m->body);
	*m = MESSAGE_NONE;
}

static void append(struct message *m, const void *bytes, size_t size)
{
	size_t have = m->header.size;

	if (m->bad || size > MESSAGE_BODY_MAX - have || !make_room(m, have + size)) {
		m->bad = true;
		return;
	}
	if (size)
		memcpy(m->body + have, bytes, size);
	m->header.size = (uint32_t)(have + size);
}

void message__put(struct message *m, uint64_t value)
{
	append(m, &value, sizeof(value));
}

void message__put_bytes(struct message *m, const void *bytes, size_t size)
{
	message__put(m, size);
	append(m, bytes, size);
}

void message__put_text(struct message *m, const char *text)
{
	size_t len = text ? strnlen(text, MESSAGE_TEXT_MAX - 1) : 0;

	message__put(m, text ? len : no_text);
	append(m, text, len);
	append(m, "", text ? 1 : 0);
}

static const void *take(struct message *m, size_t size)
{
	const unsigned char *at = m->body + m->at;

	if (m->bad || size > m->header.size - m->at) {
		m->bad = true;
		return NULL;
	}
	m->at += size;
	return at;
}

uint64_t message__get(struct message *m)
{
	const void *at = take(m, sizeof(uint64_t));
	uint64_t value = 0;

	if (at)
		memcpy(&value, at, sizeof(value));
	return value;
}

uint64_t message__get_max(struct message *m, uint64_t max)
{
	uint64_t value = message__get(m);

	if (value <= max)
		return value;
	m->bad = true;
	return 0;
}

const void *message__get_bytes(struct message *m, size_t *size)
{
	const void *at;

	*size = message__get_max(m, MESSAGE_BODY_MAX);
	at = take(m, *size);
	*size = at ? *size : 0;
	return at;
}

const char *message__get_text(struct message *m)
{
	uint64_t len = message__get(m);
	const char *text;

	if (m->bad || len == no_text)
		return NULL;
	text = len < MESSAGE_TEXT_MAX ? take(m, len + 1) : NULL;
	if (text && !memchr(text, '\0', len) && !text[len])
		return text;
	m->bad = true;
	return NULL;
}

int message__take_fd(struct message *m)
{
	int fd = m->fd;

	m->fd = -1;
	return fd;
}

bool message__is_read(const struct message *m)
{
	return !m->bad && m->at == m->header.size;
}

/* A wait for the socket after "err": 0 to try again, or a negative errno. */
static int try_again(int err, short events, message_wait *wait, void *data)
{
	if (err == EINTR)
		return 0;
	if (err == EAGAIN && wait)
		return wait(events, data);
	return err == EPIPE ? -ECONNRESET : -err;
}

/* Room for the one descriptor of a message. */
union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static void attach_fd(struct msghdr *h, union control *control, int fd)
{
	struct cmsghdr *c;

	*control = (union control){0};
	h->msg_control = control;
	h->msg_controllen = sizeof(*control);
	c = CMSG_FIRSTHDR(h);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
}

/* The descriptor that came, or -1: a message has room for one. */
static int attached_fd(struct msghdr *h)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(h);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

int message__send(int socket, const struct message *m, message_wait *wait, void *data)
{
	struct iovec part[2] = {{(void *)(uintptr_t)&m->header, sizeof(m->header)},
				{m->body, m->header.size}};
	struct msghdr h = {.msg_iov = part, .msg_iovlen = 2};
	int flags = MSG_NOSIGNAL | (wait ? MSG_DONTWAIT : 0);
	union control control;

	if (m->bad)
		return -ENOMEM;
	if (m->fd >= 0)
		attach_fd(&h, &control, m->fd);
	while (part[0].iov_len + part[1].iov_len) {
		ssize_t n = sendmsg(socket, &h, flags);
		int err = n < 0 ? try_again(errno, POLLOUT, wait, data) : 0;

		if (err)
			return err;
		if (n > 0)
			h.msg_controllen = 0;
		for (size_t i = 0; n > 0 && i < 2; i++) {
			size_t sent = (size_t)n < part[i].iov_len ? (size_t)n : part[i].iov_len;

			part[i].iov_base = (char *)part[i].iov_base + sent;
			part[i].iov_len -= sent;
			n -= (ssize_t)sent;
		}
	}
	return 0;
}

/* Receives exactly "size" bytes, and the descriptor that comes with the first of them. */
static int receive(int socket, void *to, size_t size, int *fd, message_wait *wait, void *data)
{
	int flags = MSG_CMSG_CLOEXEC | (wait ? MSG_DONTWAIT : 0);
	union control control;
	char *at = to;

	while (size) {
		struct iovec part = {at, size};
		struct msghdr h = {.msg_iov = &part, .msg_iovlen = 1};
		ssize_t n;
		int err;

		if (fd && *fd < 0) {
			h.msg_control = &control;
			h.msg_controllen = sizeof(control);
		}
		n = recvmsg(socket, &h, flags);
		err = n < 0 ? try_again(errno, POLLIN, wait, data) : n ? 0 : -ECONNRESET;
		if (err)
			return err;
		if (n < 0)
			continue;
		if (h.msg_control)
			*fd = attached_fd(&h);
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

int message__receive(int socket, struct message *m, size_t max, message_wait *wait, void *data)
{
	struct message_header header;
	int err;

	message__begin(m, 0);
	m->received = true;
	err = receive(socket, &header, sizeof(header), &m->fd, wait, data);
	if (!err && (header.size > max || header.size > MESSAGE_BODY_MAX))
		err = -EPROTO;
	if (!err && !make_room(m, header.size))
		err = -ENOMEM;
	if (!err)
		err = receive(socket, m->body, header.size, NULL, wait, data);
	if (!err)
		m->header = header;
	return err;
}
