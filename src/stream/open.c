// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Opens descriptors to read a stream from. A regular file is read with pread(), because a
 * mapped-ram file is not read in order; anything else is read forwards.
 */
#include "stream/open.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { SILENT_MS = 1000 };

static ssize_t file__read(void *opaque, void *buffer, size_t len, uint64_t off)
{
	struct stream_file *f = opaque;
	ssize_t n = f->source.seekable ? pread(f->fd, buffer, len, (off_t)off)
				       : read(f->fd, buffer, len);

	return n < 0 ? -errno : n;
}

static int socket__reply(void *opaque, const void *buffer, size_t len)
{
	struct stream_file *f = opaque;
	const char *at = buffer;

	while (len) {
		ssize_t n = send(f->fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int take_fd(struct stream_file *f, int fd)
{
	struct stat st;

	*f = (struct stream_file){.fd = fd, .source = {.read = file__read, .opaque = f}};
	if (fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	f->source.seekable = S_ISREG(st.st_mode);
	f->is_socket = S_ISSOCK(st.st_mode);
	if (f->is_socket)
		f->source.reply = socket__reply;
	else
		posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return 0;
}

int stream_file__open(struct stream_file *f, const char *path)
{
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC)
				   : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = take_fd(f, fd);
	if (err)
		close(fd);
	return err;
}

/* Removes the socket that an earlier run left at "path". A file that is not a socket stays, and
 * bind() fails. */
static int listen_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat st;
	int fd, err;

	if (!*path || strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!stat(path, &st) && S_ISSOCK(st.st_mode))
		unlink(path);
	if (!bind(fd, (struct sockaddr *)&address, sizeof(address)) && !listen(fd, 1))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int listen_address(const struct addrinfo *a)
{
	int on = 1, err, fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!bind(fd, a->ai_addr, a->ai_addrlen) && !listen(fd, 1))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* Listens at HOST:PORT. An IPv6 address stands in brackets; an empty host means any address. */
static int listen_tcp(const char *text)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
	const char *colon = strrchr(text, ':');
	char host[256];
	size_t len;
	int fd = -ENXIO;

	if (!colon || !colon[1])
		return -EINVAL;
	len = (size_t)(colon - text);
	if (len >= 2 && *text == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (getaddrinfo(len ? host : NULL, colon + 1, &hints, &found))
		return -ENXIO;
	for (const struct addrinfo *a = found; a && fd < 0; a = a->ai_next)
		fd = listen_address(a);
	freeaddrinfo(found);
	return fd;
}

int stream_file__accept(struct stream_file *f, const char *uri,
			void (*listening)(const char *uri, void *opaque), void *opaque)
{
	const char *path = strncmp(uri, "unix:", 5) ? NULL : uri + 5;
	int listener = path                           ? listen_unix(path)
		       : strncmp(uri, "tcp:", 4) == 0 ? listen_tcp(uri + 4)
						      : -EINVAL;
	int fd, err;

	if (listener < 0)
		return listener;
	listening(uri, opaque);
	do
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	err = fd < 0 ? -errno : take_fd(f, fd);
	close(listener);
	if (path)
		unlink(path);
	return err;
}

void stream_file__drain(struct stream_file *f, bool return_path)
{
	struct pollfd p = {.fd = f->fd, .events = POLLIN};
	char buffer[64 << 10];

	if (f->source.seekable)
		return;
	do {
		if (return_path && !poll(&p, 1, SILENT_MS)) {
			stream__goodbye(&f->source);
			return_path = false;
		}
	} while (read(f->fd, buffer, sizeof(buffer)) > 0);
}

void stream_file__close(struct stream_file *f)
{
	close(f->fd);
}
