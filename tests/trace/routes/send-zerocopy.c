// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MSG_ZEROCOPY, as multifd's zero-copy-send: the kernel pins pages of the memory and hands them to
 * the network. Nothing is written into them. A send that copies reads them by faults.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "route.h"

#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY 60
#endif
#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY 0x4000000
#endif

enum { SENT = 512, SENT_MESSAGE = 512, COPIED = 256, STEP = 8 };

static void connect_pair(int ends[2])
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
	socklen_t size = sizeof(at);

	check_call("socket", listener >= 0);
	if (bind(listener, (struct sockaddr *)&at, size))
		skip("no loopback: %s", strerror(errno));
	check_call("listen", !listen(listener, 1));
	check_call("getsockname", !getsockname(listener, (struct sockaddr *)&at, &size));
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(ends[0], (struct sockaddr *)&at, size))
		skip("no loopback: %s", strerror(errno));
	ends[1] = accept(listener, NULL, NULL);
	check_call("accept", ends[1] >= 0);
	if (setsockopt(ends[0], SOL_SOCKET, SO_ZEROCOPY, &yes, sizeof(yes)))
		skip("no SO_ZEROCOPY: %s", strerror(errno));
	close(listener);
}

static void receive(int from, char *buffer, size_t size)
{
	check_call("recv", recv(from, buffer, size, MSG_WAITALL) == (ssize_t)size);
}

static ssize_t send_message(int to, char *mem, size_t size)
{
	struct iovec v = {.iov_base = mem, .iov_len = size};
	struct msghdr message = {.msg_iov = &v, .msg_iovlen = 1};

	return sendmsg(to, &message, MSG_ZEROCOPY);
}

static void run(int argc, char **argv)
{
	int fd = route_memfd(SENT + SENT_MESSAGE + COPIED), ends[2];
	char *shared = map_shared(fd, SENT + SENT_MESSAGE + COPIED), *buffer = map_anon(STEP);
	size_t size = STEP * page_size;

	(void)argc, (void)argv;
	connect_pair(ends);
	memset(buffer, 1, size);
	for (size_t i = 0; i < SENT + SENT_MESSAGE + COPIED; i += STEP) {
		char *mem = shared + i * page_size;
		ssize_t n = i < SENT                  ? send(ends[0], mem, size, MSG_ZEROCOPY)
			    : i < SENT + SENT_MESSAGE ? send_message(ends[0], mem, size)
						      : send(ends[0], mem, size, 0);

		check_call("send", n == (ssize_t)size);
		receive(ends[1], buffer, size);
	}
	check_equal("st_blocks in pages", memfd_pages(fd), SENT + SENT_MESSAGE + COPIED);

	expect("populated %d " OF_MEMFD, SENT + SENT_MESSAGE + COPIED);
	expect("populated %d " OF_MEMFD " context=syscall syscall=sendto access=read", SENT);
	expect("populated %d " OF_MEMFD " context=syscall syscall=sendmsg access=read",
	       SENT_MESSAGE);
	expect("populated %d " OF_MEMFD " context=kernel syscall=sendto access=read", COPIED);
	expect("zero_populated %d " OF_MEMFD, SENT + SENT_MESSAGE + COPIED);
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
