// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads an address and binds a TCP socket to it. Names of hosts are not looked up.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve/listen.h"

/* How many clients may have connected that the web process has not heard of yet: it may be started
 * anew meanwhile. */
enum { BACKLOG = 128 };

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

int listen__open(const char *address)
{
	const int on = 1;
	struct sockaddr_storage at;
	int err = parse_address(address, &at), fd;

	if (err)
		return err;
	fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* A service that is started again may use the port at once. Not SO_REUSEPORT: another
	 * process of this user could listen there too, and get a share of the clients. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    (at.ss_family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on))) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, BACKLOG)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}
