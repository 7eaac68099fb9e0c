// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reader: takes one question after the other, reads the file that came with it, and answers. It
 * checks what it is asked, although the tracer asks: a wrong question must not become a wrong
 * answer about another file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "reader/helper.h"
#include "reader/message.h"
#include "reader/protocol.h"
#include "reader/sandbox.h"
#include "reader/server.h"
#include "record.h"
#include "shared/row.h"
#include "symbol/cfi.h"
#include "symbol/elf_headers.h"
#include "symbol/elf_names.h"
#include "symbol/image.h"

/* After so much CPU time the reader ends, so that no file gets what others have left of its limit.
 */
static const uint64_t cpu_most_ns = SANDBOX_CPU_SECONDS / 2 * 1000000000ULL;

struct server {
	struct message question, answer;
	struct elf_names *names[READER_HANDLES_MAX]; /* handle - 1 is the index */
};

/* The file that a question is about: in fd, or -1 and the bytes of an image. */
struct file {
	int fd;
	const void *image;
	size_t size;
};

/* Returns 0; -EBADF if the descriptor did not arrive, which is what happens if there are too many.
 */
static int get_file(struct message *q, struct file *f)
{
	f->image = message__get_bytes(q, &f->size);
	f->fd = message__take_fd(q);
	if (!message__is_read(q) || f->size > READER_IMAGE_MAX)
		return -EPROTO;
	return f->size || f->fd >= 0 ? 0 : -EBADF;
}

static void close_file(const struct file *f)
{
	if (f->fd >= 0)
		close(f->fd);
}

static int answer_headers(struct server *s)
{
	struct elf_headers h = {0};
	struct message *a = &s->answer;
	struct file f;
	int err = get_file(&s->question, &f);

	if (!err)
		err = f.size ? elf_headers__read_image(&h, f.image, f.size)
			     : elf_headers__read(&h, f.fd);
	if (!err) {
		message__put_text(a, h.build_id);
		message__put(a, h.nr_loads);
		for (size_t i = 0; i < h.nr_loads; i++) {
			message__put(a, h.loads[i].offset);
			message__put(a, h.loads[i].vaddr);
			message__put(a, h.loads[i].size);
		}
		message__put(a, h.size_hint < READER_ROWS_MAX ? h.size_hint : READER_ROWS_MAX);
	}
	elf_headers__clear(&h);
	close_file(&f);
	return err;
}

static int answer_rows(struct server *s)
{
	struct cfi_table t = {0};
	struct file f;
	int err = get_file(&s->question, &f);

	if (!err)
		err = f.size ? cfi__read_image(f.image, f.size, &t) : cfi__read(f.fd, &t);
	if (!err && t.n > READER_ROWS_MAX)
		err = -EOVERFLOW;
	if (!err) {
		message__put(&s->answer, t.base);
		message__put(&s->answer, t.unsupported);
		message__put_bytes(&s->answer, t.rows, t.n * sizeof(*t.rows));
	}
	cfi__free(&t);
	close_file(&f);
	return err;
}

static struct elf_names **free_handle(struct server *s)
{
	for (size_t i = 0; i < READER_HANDLES_MAX; i++)
		if (!s->names[i])
			return &s->names[i];
	return NULL;
}

static int answer_open(struct server *s)
{
	struct elf_names **slot = free_handle(s), *n = NULL;
	struct file f;
	int err = get_file(&s->question, &f);

	if (!err && slot)
		n = f.size ? elf_names__open_image(f.image, f.size) : elf_names__open(f.fd);
	if (!n) {
		close_file(&f);
		return err ? err : slot ? -ENOMEM : -EMFILE;
	}
	*slot = n;
	message__put(&s->answer, (uint64_t)(slot - s->names) + 1);
	message__put_text(&s->answer, elf_names__build_id(n));
	message__put(&s->answer, elf_names__lacks_debug(n));
	message__put_text(&s->answer, elf_names__debug_link(n));
	return 0;
}

/* The handle that comes next in the question: its place in the table; NULL if it is no handle. */
static struct elf_names **get_names(struct server *s)
{
	uint64_t handle = message__get_max(&s->question, READER_HANDLES_MAX);

	return handle && s->names[handle - 1] ? &s->names[handle - 1] : NULL;
}

/* Takes the question's descriptor if the rest of the question was read, and there was a handle. */
static int get_fd(struct server *s, struct elf_names **n, int *fd)
{
	*fd = message__take_fd(&s->question);
	if (n && *fd >= 0 && message__is_read(&s->question))
		return 0;
	if (*fd >= 0)
		close(*fd);
	return *fd < 0 ? -EBADF : -EPROTO;
}

/* A file was offered: "err" says that it is of no use. */
static int answer_used(struct server *s, int fd, int err)
{
	if (err)
		close(fd);
	message__put(&s->answer, !err);
	return 0;
}

static int answer_debug(struct server *s)
{
	struct elf_names **n = get_names(s);
	bool by_link = message__get_max(&s->question, 1);
	int fd, err = get_fd(s, n, &fd);

	return err ? err : answer_used(s, fd, elf_names__add_debug(*n, fd, by_link));
}

static int answer_alt_link(struct server *s)
{
	struct elf_names **n = get_names(s);
	const char *name = NULL;
	char *id;

	if (!n || !message__is_read(&s->question))
		return -EPROTO;
	id = elf_names__alt_link(*n, &name);
	message__put_text(&s->answer, id);
	message__put_text(&s->answer, id ? name : NULL);
	free(id);
	return 0;
}

static int answer_alt(struct server *s)
{
	struct elf_names **n = get_names(s);
	int fd, err = get_fd(s, n, &fd);

	return err ? err : answer_used(s, fd, elf_names__add_alt(*n, fd));
}

static int answer_find(struct server *s)
{
	struct elf_names **n = get_names(s);
	uint64_t file_offset = message__get(&s->question);
	struct record_frames frames = {0};
	struct elf_place place = {0};
	struct message *a = &s->answer;
	int err;

	if (!n || !message__is_read(&s->question))
		return -EPROTO;
	err = elf_names__find(*n, file_offset, &place, &frames);
	if (!err && frames.n > READER_FRAMES_MAX)
		err = -E2BIG;
	if (!err) {
		message__put(a, place.offset);
		message__put(a, place.begins_function);
		message__put(a, place.can_return);
		message__put(a, frames.n);
	}
	for (size_t i = 0; !err && i < frames.n; i++) {
		const struct record_frame *f = &frames.v[i];

		message__put_text(a, f->symbol);
		message__put_text(a, f->function);
		message__put_text(a, f->file);
		message__put(a, f->line);
		message__put(a, f->inlined);
	}
	record_frames__clear(&frames);
	return err;
}

static int answer_text(struct server *s)
{
	struct message *q = &s->question;
	int fd = message__take_fd(q), err = 0;
	const char *begins = message__get_text(q);
	struct image image;
	char *found;

	if (fd < 0 || !begins || !*begins || !message__is_read(q))
		err = fd < 0 ? -EBADF : -EPROTO;
	if (!err)
		err = image__open(&image, fd);
	if (!err) {
		found = image__text(&image, begins);
		message__put_text(&s->answer, found);
		free(found);
		image__close(&image);
	}
	if (fd >= 0)
		close(fd);
	return err;
}

static int answer_close(struct server *s)
{
	struct elf_names **n = get_names(s);

	if (!n || !message__is_read(&s->question))
		return -EPROTO;
	elf_names__close(*n);
	*n = NULL;
	return 0;
}

static int answer(struct server *s)
{
	switch (s->question.header.type) {
	case READER_HEADERS:
		return answer_headers(s);
	case READER_ROWS:
		return answer_rows(s);
	case READER_OPEN:
		return answer_open(s);
	case READER_DEBUG:
		return answer_debug(s);
	case READER_ALT_LINK:
		return answer_alt_link(s);
	case READER_ALT:
		return answer_alt(s);
	case READER_FIND:
		return answer_find(s);
	case READER_TEXT:
		return answer_text(s);
	case READER_CLOSE:
		return answer_close(s);
	}
	return -EPROTO;
}

/* A handle that was just given is to be worth something. */
static bool is_spent(const struct server *s)
{
	uint32_t type = s->question.header.type;

	return (type == READER_HEADERS || type == READER_ROWS || type == READER_FIND) &&
	       clock__ns(CLOCK_PROCESS_CPUTIME_ID) > cpu_most_ns;
}

int reader__serve(void)
{
	/* Not on the stack, where a file that overruns a buffer would find the handles. */
	struct server *s = calloc(1, sizeof(*s));
	int refused = sandbox__enter(), err;

	if (!s)
		return EXIT_FAILURE;
	s->question = s->answer = MESSAGE_NONE;
	while (!message__receive(HELPER_FD, &s->question, READER_QUESTION_MAX, NULL, NULL)) {
		message__begin(&s->answer, s->question.header.type);
		/* Outside the sandbox no file is read. */
		err = refused ? refused : answer(s);
		if (err || s->answer.bad)
			message__begin(&s->answer, s->question.header.type);
		s->answer.header.status = err ? err : s->answer.bad ? -ENOMEM : 0;
		s->answer.header.last = is_spent(s);
		if (message__send(HELPER_FD, &s->answer, NULL, NULL) || s->answer.header.last)
			break;
	}
	/* Nothing is freed: a damaged heap must not be walked once more. */
	_exit(EXIT_SUCCESS);
}
