// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks the opener. This program has one, which is started when it is first needed.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "reader/helper.h"
#include "reader/message.h"
#include "reader/opener.h"
#include "reader/opener_protocol.h"
#include "symbol/code_mapping.h"

enum {
	PROCESSES_MAX = 64, /* the latest whose files did not answer */
	READER_STRIKES = 3, /* what a file counts that did not answer a reader */
	SILENCE_AFTERWARDS = HELPER_SILENCE_MAX / 10,
};

/* A process whose files did not answer. */
struct silent_process {
	pid_t pid;
	unsigned int strikes;
	uint64_t since; /* the first of them: CLOCK_MONOTONIC, in nanoseconds */
};

static struct {
	pthread_mutex_t lock;
	struct helper helper;
	struct message question, answer;
	struct silent_process silent[PROCESSES_MAX];
	size_t nr_silent; /* how many there have been */
} opener = {.lock = PTHREAD_MUTEX_INITIALIZER,
	    .helper = HELPER(OPENER_MODE),
	    .question = {.fd = -1},
	    .answer = {.fd = -1}};

static struct silent_process *find_silent(pid_t pid)
{
	uint64_t now = clock__ns(CLOCK_MONOTONIC);

	for (size_t i = 0; i < PROCESSES_MAX; i++)
		if (opener.silent[i].pid == pid &&
		    now - opener.silent[i].since < OPENER_MEMORY * 1000000000ULL)
			return &opener.silent[i];
	return NULL;
}

static void strike(pid_t pid, unsigned int strikes)
{
	struct silent_process *p = find_silent(pid);

	if (!p) {
		p = &opener.silent[opener.nr_silent++ % PROCESSES_MAX];
		*p = (struct silent_process){.pid = pid, .since = clock__ns(CLOCK_MONOTONIC)};
	}
	p->strikes += strikes;
}

void opener__strike(pid_t pid)
{
	pthread_mutex_lock(&opener.lock);
	strike(pid, READER_STRIKES);
	pthread_mutex_unlock(&opener.lock);
}

void opener__start(void)
{
	pthread_mutex_lock(&opener.lock);
	helper__start(&opener.helper);
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
	const struct silent_process *silent = find_silent(pid);
	int err = -ECONNRESET;

	if (silent && silent->strikes >= OPENER_STRIKES_MAX)
		return -ETIME;
	opener.helper.silence = silent ? SILENCE_AFTERWARDS : HELPER_SILENCE_MAX;
	for (int i = 0; i < 2 && err == -ECONNRESET; i++)
		err = helper__ask(&opener.helper, &opener.question, &opener.answer,
				  OPENER_ANSWER_MAX);
	if (err == -ETIME)
		strike(pid, 1);
	if (!err)
		err = opener.answer.header.status;
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
