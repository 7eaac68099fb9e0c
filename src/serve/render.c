// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A child renders into a file in memory and ends. The limits of memory and of that file are those
 * that the web process has given itself.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "loop.h"
#include "output/formats.h"
#include "output/json.h"
#include "record.h"
#include "serve/render.h"

/* Exit statuses of the child. */
enum { RENDERED, NO_RECORD, FAILED };

void renders__init(struct renders *r)
{
	for (size_t i = 0; i < RENDERS_MAX; i++)
		r->v[i] = (struct render){.pidfd = -1};
}

void renders__await(const struct renders *r, struct loop *l)
{
	for (size_t i = 0; i < RENDERS_MAX; i++)
		loop__await(l, r->v[i].pidfd);
}

static int render(int record, size_t size, const char *format, int result)
{
	char *text = malloc(size + 1), why[256];
	struct text_options none = {0};
	struct record *r = NULL;
	FILE *f;
	int err;

	/* One call reads all of it: the file of a record is never written again. */
	if (!text || read(record, text, size) != (ssize_t)size)
		return FAILED;
	text[size] = '\0';
	err = output_json__parse(&r, text, size, why, sizeof(why));
	if (err)
		return err == -EINVAL ? NO_RECORD : FAILED;
	free(text);
	f = fdopen(result, "w");
	if (!f)
		return FAILED;
	err = output_format__write(output_format__find(format), r, f, &none);
	return fclose(f) || err ? FAILED : RENDERED;
}

/* Descriptors of others must not stay open here: a client would wait for the end of its
 * connection. The two that stay are none of the first five, which the web process was started
 * with. */
_Noreturn static void be_child(int record, size_t size, const char *format, int result)
{
	enum { RECORD = CHILD_FD, RESULT };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || child__limit(RLIMIT_CPU, RENDER_SECONDS) ||
	    dup3(record, RECORD, 0) < 0 || dup3(result, RESULT, 0) < 0)
		_exit(FAILED);
	close_range(RESULT + 1, ~0U, 0);
	_exit(render(RECORD, size, format, RESULT));
}

static int result_of(const siginfo_t *end)
{
	if (end->si_code != CLD_EXITED) {
		switch (end->si_status) {
		case SIGKILL:
		case SIGXCPU:
		case SIGXFSZ:
			return -EFBIG;
		default:
			return -ECHILD;
		}
	}
	switch (end->si_status) {
	case RENDERED:
		return 0;
	case NO_RECORD:
		return -EINVAL;
	default:
		return -EFBIG;
	}
}

/* Passes on the result if the process has ended. */
static void look(struct render *r)
{
	siginfo_t end = {0};
	struct stat st = {0};
	int err;

	if (r->pidfd < 0 || waitid(P_PIDFD, (id_t)r->pidfd, &end, WEXITED | WNOHANG) || !end.si_pid)
		return;
	err = result_of(&end);
	if (!err && fstat(r->result, &st))
		err = -errno;
	close(r->pidfd);
	r->pidfd = -1;
	if (err)
		close(r->result);
	r->done(err, err ? -1 : r->result, (uint64_t)st.st_size, r->data);
}

void renders__run(struct renders *r)
{
	for (size_t i = 0; i < RENDERS_MAX; i++)
		look(&r->v[i]);
}

static struct render *find_free(struct renders *r)
{
	for (size_t i = 0; i < RENDERS_MAX; i++)
		if (r->v[i].pidfd < 0)
			return &r->v[i];
	return NULL;
}

/* Starts the child of an entry. Returns 0 or a negative errno. */
static int start(struct render *r, int record, uint64_t size, const char *format)
{
	pid_t pid;
	int err;

	r->result = memfd_create("migpop-report", MFD_CLOEXEC);
	if (r->result < 0)
		return -errno;
	pid = fork();
	if (!pid)
		be_child(record, (size_t)size, format, r->result);
	if (pid > 0)
		r->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (r->pidfd >= 0)
		return 0;
	err = -errno;
	close(r->result);
	return err;
}

int renders__begin(struct renders *r, int record, uint64_t size, const char *format,
		   void (*done)(int err, int fd, uint64_t len, void *data), void *data)
{
	struct render *place = find_free(r);
	int err = place ? 0 : -EBUSY;

	if (!err) {
		place->done = done;
		place->data = data;
		err = start(place, record, size, format);
	}
	close(record);
	return err;
}
