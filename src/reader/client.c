// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks the reader. An answer is taken apart into values whose bounds are checked, before anybody
 * sees it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "reader/client.h"
#include "reader/helper.h"
#include "reader/message.h"
#include "reader/protocol.h"
#include "reader/unreadable.h"
#include "record.h"
#include "shared/row.h"
#include "symbol/cfi.h"
#include "symbol/elf_headers.h"
#include "symbol/elf_names.h"

struct reader {
	struct helper helper;
	struct message question, answer;
	uint64_t generation; /* grows with each process that has ended */
};

/* The process that nobody uses. */
static struct helper left = HELPER(READER_MODE);
static pthread_mutex_t left_lock = PTHREAD_MUTEX_INITIALIZER;

static void swap_left(struct helper *h)
{
	struct helper other;

	pthread_mutex_lock(&left_lock);
	other = left;
	left = *h;
	*h = other;
	pthread_mutex_unlock(&left_lock);
}

struct reader *reader__new(void)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->helper = (struct helper)HELPER(READER_MODE);
	swap_left(&r->helper);
	r->question = r->answer = MESSAGE_NONE;
	return r;
}

void reader__stop(struct reader *r)
{
	helper__end(&r->helper);
	r->generation++;
}

void reader__free(struct reader *r)
{
	if (!r)
		return;
	helper__end(&r->helper);
	message__free(&r->question);
	message__free(&r->answer);
	free(r);
}

void reader__leave(struct reader *r)
{
	if (r)
		swap_left(&r->helper);
	reader__free(r);
}

void reader__start(struct reader *r)
{
	/* If that fails, it fails again when the reader is needed. */
	helper__start(&r->helper);
}

uint64_t reader__generation(const struct reader *r)
{
	return r->generation;
}

bool reader__has_failed(int err)
{
	return err == -ETIME || err == -ECONNRESET || err == -ENOMEM || err == -EPROTO;
}

const char *reader__why(int err)
{
	switch (err) {
	case -ETIME:
		return "reading it takes too long";
	case -ECONNRESET:
		return "the process that reads it dies";
	case -ENOMEM:
		return "reading it takes too much memory";
	case -EPROTO:
		return "the process that reads it answers nonsense";
	}
	return strerror(-err);
}

/* Asks the question of *r. */
static int ask(struct reader *r, size_t max)
{
	int err = helper__ask(&r->helper, &r->question, &r->answer, max);

	if (!err)
		err = r->answer.header.status;
	/* Without memory for one file the reader has none for the next one either. */
	if (err > 0 || reader__has_failed(err))
		helper__end(&r->helper);
	if (!r->helper.pid)
		r->generation++;
	return err > 0 ? -EPROTO : err;
}

/* The answer was taken apart: was it an answer? */
static int check(struct reader *r)
{
	if (message__is_read(&r->answer))
		return 0;
	reader__stop(r);
	return -EPROTO;
}

static void put_file(struct reader *r, const struct reader_file *f)
{
	message__put_bytes(&r->question, f->image, f->fd < 0 ? f->size : 0);
	r->question.fd = f->fd;
}

typedef void put_question(struct reader *r, const struct reader_file *f, const void *data);
typedef int take_answer(struct reader *r, void *out);

/* Asks a question about a file that the reader does not keep. It may have died of what it had read
 * before, so it is asked a second time. */
static int ask_about(struct reader *r, const struct reader_file *f, put_question *put,
		     const void *data, size_t max, take_answer *take, void *out)
{
	int err = f->fd < 0 ? 0 : unreadable__find(f->st);

	if (err)
		return err;
	for (int i = 0; i < 2; i++) {
		put(r, f, data);
		err = ask(r, max);
		if (!err)
			err = take(r, out);
		if (err != -ECONNRESET && err != -ENOMEM)
			break;
	}
	if (f->fd >= 0 && reader__has_failed(err))
		unreadable__add(f->st, err);
	return err;
}

static void put_headers(struct reader *r, const struct reader_file *f, const void *data)
{
	(void)data;
	message__begin(&r->question, READER_HEADERS);
	put_file(r, f);
}

/* Copies a text of the answer; NULL stays NULL. */
static int copy_text(struct reader *r, char **out)
{
	const char *text = message__get_text(&r->answer);

	*out = text ? strdup(text) : NULL;
	return text && !*out ? -ENOMEM : 0;
}

/* Build-ids become names of files: nothing but digits is one. */
static int copy_build_id(struct reader *r, char **out)
{
	int err = copy_text(r, out);

	if (!*out || !(*out)[strspn(*out, "0123456789abcdef")])
		return err;
	free(*out);
	*out = NULL;
	r->answer.bad = true;
	return err;
}

static int take_headers(struct reader *r, void *out)
{
	struct elf_headers *h = out;
	struct message *a = &r->answer;
	int err = copy_build_id(r, &h->build_id);

	h->nr_loads = message__get_max(a, ELF_HEADERS_LOADS_MAX);
	for (size_t i = 0; i < h->nr_loads; i++) {
		h->loads[i].offset = message__get(a);
		h->loads[i].vaddr = message__get(a);
		h->loads[i].size = message__get(a);
	}
	h->size_hint = message__get_max(a, READER_ROWS_MAX);
	if (!err)
		err = check(r);
	if (err)
		elf_headers__clear(h);
	return err;
}

int reader__headers(struct reader *r, const struct reader_file *f, struct elf_headers *out)
{
	*out = (struct elf_headers){0};
	return ask_about(r, f, put_headers, NULL, READER_ANSWER_MAX, take_headers, out);
}

static void put_rows(struct reader *r, const struct reader_file *f, const void *data)
{
	(void)data;
	message__begin(&r->question, READER_ROWS);
	put_file(r, f);
}

/* Rows must be searchable by bisection, and each must have a rule. */
static bool are_rows(const struct unwind_row *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((i && v[i].pc <= v[i - 1].pc) || UNWIND_KIND(v[i].rule) > UNWIND_UNSUPPORTED)
			return false;
	return true;
}

static int take_rows(struct reader *r, void *out)
{
	struct cfi_table *t = out;
	const void *bytes;
	size_t size;

	t->base = message__get(&r->answer);
	t->unsupported = message__get(&r->answer);
	bytes = message__get_bytes(&r->answer, &size);
	t->n = size / sizeof(*t->rows);
	t->rows = malloc(size + 1);
	if (!t->rows)
		return -ENOMEM;
	if (bytes)
		memcpy(t->rows, bytes, size);
	if (size % sizeof(*t->rows) || !are_rows(t->rows, t->n))
		r->answer.bad = true;
	if (!check(r))
		return 0;
	cfi__free(t);
	return -EPROTO;
}

int reader__rows(struct reader *r, const struct reader_file *f, struct cfi_table *out)
{
	*out = (struct cfi_table){0};
	return ask_about(r, f, put_rows, NULL, MESSAGE_BODY_MAX, take_rows, out);
}

static void put_text(struct reader *r, const struct reader_file *f, const void *begins)
{
	message__begin(&r->question, READER_TEXT);
	r->question.fd = f->fd;
	message__put_text(&r->question, begins);
}

static int take_text(struct reader *r, void *out)
{
	char **text = out;
	int err = copy_text(r, text);

	if (!err)
		err = check(r);
	if (!err)
		return 0;
	free(*text);
	*text = NULL;
	return err;
}

int reader__text(struct reader *r, const struct reader_file *f, const char *begins, char **text)
{
	*text = NULL;
	return ask_about(r, f, put_text, begins, READER_ANSWER_MAX, take_text, text);
}

int reader__open(struct reader *r, const struct reader_file *f, struct reader_names *out)
{
	int err;

	*out = (struct reader_names){0};
	message__begin(&r->question, READER_OPEN);
	put_file(r, f);
	err = ask(r, READER_ANSWER_MAX);
	if (err)
		return err;
	out->handle = message__get(&r->answer);
	err = copy_build_id(r, &out->build_id);
	out->lacks_debug = message__get_max(&r->answer, 1);
	if (!err)
		err = copy_text(r, &out->debug_link);
	if (!err)
		err = check(r);
	if (!err)
		return 0;
	free(out->build_id);
	free(out->debug_link);
	*out = (struct reader_names){0};
	return err;
}

int reader__add_debug(struct reader *r, uint64_t handle, int fd, bool by_link, bool *used)
{
	int err;

	message__begin(&r->question, READER_DEBUG);
	message__put(&r->question, handle);
	message__put(&r->question, by_link);
	r->question.fd = fd;
	err = ask(r, READER_ANSWER_MAX);
	*used = !err && message__get_max(&r->answer, 1);
	return err ? err : check(r);
}

int reader__alt_link(struct reader *r, uint64_t handle, char **build_id, char **name)
{
	int err;

	*build_id = *name = NULL;
	message__begin(&r->question, READER_ALT_LINK);
	message__put(&r->question, handle);
	err = ask(r, READER_ANSWER_MAX);
	if (!err)
		err = copy_build_id(r, build_id);
	if (!err)
		err = copy_text(r, name);
	if (!err)
		err = check(r);
	if (!err)
		return 0;
	free(*build_id);
	free(*name);
	*build_id = *name = NULL;
	return err;
}

int reader__add_alt(struct reader *r, uint64_t handle, int fd, bool *used)
{
	int err;

	message__begin(&r->question, READER_ALT);
	message__put(&r->question, handle);
	r->question.fd = fd;
	err = ask(r, READER_ANSWER_MAX);
	*used = !err && message__get_max(&r->answer, 1);
	return err ? err : check(r);
}

static int take_frame(struct reader *r, struct record_frame *f)
{
	int err;

	if (!f)
		return -ENOMEM;
	err = copy_text(r, &f->symbol);
	if (!err)
		err = copy_text(r, &f->function);
	if (!err)
		err = copy_text(r, &f->file);
	f->line = (uint32_t)message__get_max(&r->answer, UINT32_MAX);
	f->inlined = message__get_max(&r->answer, 1);
	return err;
}

int reader__find(struct reader *r, uint64_t handle, uint64_t file_offset, struct elf_place *place,
		 struct record_frames *frames)
{
	size_t n;
	int err;

	message__begin(&r->question, READER_FIND);
	message__put(&r->question, handle);
	message__put(&r->question, file_offset);
	err = ask(r, READER_ANSWER_MAX);
	if (err)
		return err;
	place->offset = message__get(&r->answer);
	place->begins_function = message__get_max(&r->answer, 1);
	place->can_return = message__get_max(&r->answer, 1);
	n = message__get_max(&r->answer, READER_FRAMES_MAX);
	if (!n)
		r->answer.bad = true;
	for (size_t i = 0; !err && !r->answer.bad && i < n; i++)
		err = take_frame(r, record_frames__add(frames));
	return err ? err : check(r);
}

void reader__close(struct reader *r, uint64_t handle)
{
	message__begin(&r->question, READER_CLOSE);
	message__put(&r->question, handle);
	ask(r, READER_ANSWER_MAX);
}
