// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks the opener. This program has one, which is started when it is first needed.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "reader/helper.h"
#include "reader/message.h"
#include "reader/opener.h"
#include "reader/opener_protocol.h"
#include "symbol/code_mapping.h"

/* Processes whose files do not answer, the latest of them. */
enum { PAUSED_MAX = 64 };

static struct {
	pthread_mutex_t lock;
	struct helper helper;
	struct message question, answer;
	struct {
		pid_t pid;
		uint64_t end; /* CLOCK_MONOTONIC, in nanoseconds */
	} paused[PAUSED_MAX];
	size_t nr_paused;
} opener = {.lock = PTHREAD_MUTEX_INITIALIZER,
	    .helper = {.mode = OPENER_MODE, .socket = -1},
	    .question = {.fd = -1},
	    .answer = {.fd = -1}};

static bool is_paused(pid_t pid)
{
	uint64_t now = clock__ns(CLOCK_MONOTONIC);

	for (size_t i = 0; i < PAUSED_MAX; i++)
		if (opener.paused[i].pid == pid && opener.paused[i].end > now)
			return true;
	return false;
}

static void pause_files(pid_t pid)
{
	size_t i = opener.nr_paused++ % PAUSED_MAX;

	opener.paused[i].pid = pid;
	opener.paused[i].end = clock__ns(CLOCK_MONOTONIC) + OPENER_PAUSE * 1000000000ULL;
}

void opener__pause(pid_t pid)
{
	pthread_mutex_lock(&opener.lock);
	pause_files(pid);
	pthread_mutex_unlock(&opener.lock);
}

static int take(struct opened *out)
{
	struct message *a = &opener.answer;
	const void *st;
	size_t size;

	st = message__get_bytes(a, &size);
	if (!st || size != sizeof(out->st) || !message__is_read(a) || a->fd < 0)
		return -EPROTO;
	memcpy(&out->st, st, sizeof(out->st));
	out->fd = message__take_fd(a);
	return 0;
}

/* Asks the question. The opener ends with the thread that has started it, so it may be gone. */
static int ask(pid_t pid, struct opened *out)
{
	int err = is_paused(pid) ? -ETIME : -ECONNRESET;

	for (int i = 0; i < 2 && err == -ECONNRESET; i++)
		err = helper__ask(&opener.helper, &opener.question, &opener.answer,
				  OPENER_ANSWER_MAX);
	if (!err)
		err = opener.answer.header.status;
	else if (err == -ETIME && !is_paused(pid))
		pause_files(pid);
	return err ? err : take(out);
}

static void begin(enum opener_question type, pid_t pid, struct opened *out)
{
	*out = (struct opened){.fd = -1};
	pthread_mutex_lock(&opener.lock);
	message__begin(&opener.question, type);
	message__put(&opener.question, (uint64_t)pid);
}

static int end(pid_t pid, struct opened *out)
{
	int err = ask(pid, out);

	pthread_mutex_unlock(&opener.lock);
	return err;
}

int opener__mapping(pid_t pid, const struct code_mapping *m, struct opened *out)
{
	begin(OPENER_MAPPING, pid, out);
	message__put(&opener.question, m->start);
	message__put(&opener.question, m->end);
	message__put(&opener.question, m->inode);
	message__put_text(&opener.question, m->path);
	return end(pid, out);
}

int opener__program(pid_t pid, struct opened *out)
{
	begin(OPENER_PROGRAM, pid, out);
	return end(pid, out);
}

int opener__path(pid_t pid, const char *root, const char *path, struct opened *out)
{
	begin(OPENER_PATH, pid, out);
	message__put_text(&opener.question, root);
	message__put_text(&opener.question, path);
	return end(pid, out);
}
