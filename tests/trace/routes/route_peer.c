// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A peer is the same program in another role, started outside the traced tree: it listens on a
 * UNIX socket, the traced one connects and passes what it wants touched.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "route.h"

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path))
		fail("the path of the socket is too long: %s", path);
	strcpy(address.sun_path, path);
	return address;
}

int peer_connect(int argc, char **argv)
{
	struct sockaddr_un address;
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (argc < 2)
		fail("start \"%s --peer SOCKET\" first, then \"%s SOCKET\"", argv[0], argv[0]);
	address = address_of(argv[1]);
	check_call("socket", sock >= 0);
	check_call(argv[1], !connect(sock, (struct sockaddr *)&address, sizeof(address)));
	return sock;
}

/* One message with room for one descriptor. */
struct envelope {
	struct iovec iov;
	_Alignas(size_t) char control[CMSG_SPACE(sizeof(int))];
	struct msghdr header;
};

static void envelope_init(struct envelope *env, const struct peer_message *msg)
{
	memset(env, 0, sizeof(*env));
	env->iov = (struct iovec){.iov_base = (void *)(uintptr_t)msg, .iov_len = sizeof(*msg)};
	env->header.msg_iov = &env->iov;
	env->header.msg_iovlen = 1;
	env->header.msg_control = env->control;
	env->header.msg_controllen = sizeof(env->control);
}

void peer_send(int sock, const struct peer_message *msg, int fd)
{
	struct envelope env;

	envelope_init(&env, msg);
	if (fd < 0) {
		env.header.msg_controllen = 0;
	} else {
		struct cmsghdr *cmsg = CMSG_FIRSTHDR(&env.header);

		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	}
	check_call("sendmsg", sendmsg(sock, &env.header, MSG_NOSIGNAL) == (ssize_t)sizeof(*msg));
}

bool peer_receive(int sock, struct peer_message *msg, int *fd)
{
	struct envelope env;
	struct cmsghdr *cmsg;
	ssize_t n;

	envelope_init(&env, msg);
	n = recvmsg(sock, &env.header, MSG_CMSG_CLOEXEC | MSG_WAITALL);
	if (!n)
		return false;
	check_call("recvmsg", n == (ssize_t)sizeof(*msg));
	cmsg = CMSG_FIRSTHDR(&env.header);
	if (fd)
		*fd = -1;
	if (fd && cmsg && cmsg->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(cmsg), sizeof(int));
	return true;
}

void peer_ask(int sock, const struct peer_message *msg, int fd)
{
	struct peer_message answer;

	peer_send(sock, msg, fd);
	if (!peer_receive(sock, &answer, NULL))
		fail("the peer ended before it answered");
	check_equal("operation that the peer answered", (long)answer.op, (long)msg->op);
	check_equal("pages that the peer touched", (long)answer.pages, (long)msg->pages);
}

int peer_pid(int sock)
{
	struct ucred cred;
	socklen_t length = sizeof(cred);

	check_call("SO_PEERCRED", !getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &length));
	return cred.pid;
}

/* "ready" on stdout is the condition that the runner waits for. */
int peer_main(const char *path, void (*serve)(int sock))
{
	struct sockaddr_un address = address_of(path);
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), conn;

	check_call("socket", sock >= 0);
	check_call(path, !bind(sock, (struct sockaddr *)&address, sizeof(address)));
	check_call("listen", !listen(sock, 1));
	puts("ready");
	fflush(stdout);
	conn = accept4(sock, NULL, NULL, SOCK_CLOEXEC);
	check_call("accept", conn >= 0);
	unlink(path);
	serve(conn);
	return 0;
}
