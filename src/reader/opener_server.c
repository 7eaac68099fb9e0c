// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The opener: opens one file after the other, and sends their descriptors. It reads none of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "reader/helper.h"
#include "reader/message.h"
#include "reader/opener.h"
#include "reader/opener_protocol.h"
#include "symbol/code_mapping.h"
#include "symbol/open_in_root.h"

static int open_mapping(pid_t pid, struct message *q)
{
	struct code_mapping m = {.start = message__get(q), .end = 0};

	m.end = message__get(q);
	m.inode = message__get(q);
	m.path = (char *)message__get_text(q);
	return m.path && message__is_read(q) ? code_mapping__open(pid, &m) : -EPROTO;
}

static int open_program(pid_t pid)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static int open_path(struct message *q)
{
	const char *root = message__get_text(q), *path = message__get_text(q);

	return path && message__is_read(q) ? open_regular(root, path) : -EPROTO;
}

static int answer(struct message *q, struct message *a)
{
	pid_t pid = (pid_t)message__get_max(q, INT32_MAX);
	struct stat st;
	int fd = -EPROTO;

	switch (q->header.type) {
	case OPENER_MAPPING:
		fd = open_mapping(pid, q);
		break;
	case OPENER_PROGRAM:
		fd = open_program(pid);
		break;
	case OPENER_PATH:
		fd = open_path(q);
		break;
	}
	if (fd < 0)
		return fd;
	if (fstat(fd, &st)) {
		int err = -errno;

		close(fd);
		return err;
	}
	message__put_bytes(a, &st, sizeof(st));
	a->fd = fd;
	return 0;
}

int opener__serve(void)
{
	struct message question = MESSAGE_NONE, sent = MESSAGE_NONE;

	if (child__begin("migpop-opener"))
		return EXIT_FAILURE;
	while (!message__receive(HELPER_FD, &question, OPENER_QUESTION_MAX, NULL, NULL)) {
		int err;

		message__begin(&sent, question.header.type);
		sent.header.status = answer(&question, &sent);
		err = message__send(HELPER_FD, &sent, NULL, NULL);
		if (sent.fd >= 0)
			close(sent.fd);
		if (err)
			break;
	}
	message__free(&question);
	message__free(&sent);
	return EXIT_SUCCESS;
}
