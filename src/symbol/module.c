// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ELF files that processes have mapped, which the reader reads. When a reader has ended, its
 * files are opened in the next one as they are needed. If a file cannot be read, its code has no
 * names.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array.h"
#include "reader/client.h"
#include "reader/opener.h"
#include "reader/unreadable.h"
#include "record.h"
#include "symbol/debug_file.h"
#include "symbol/elf_names.h"
#include "symbol/module.h"

/* Most files kept open: half of what a process is commonly allowed. A QEMU maps about 50 files, and
 * containers made from the same image share modules by build-id. */
enum { OPEN_MAX_FILES = 512 };

/* What was found at one place of the file, kept so that it is looked up only once. */
struct found {
	uint64_t file_offset;
	struct elf_place place;
	struct record_frames frames; /* n is 0: the entry is free */
};

struct module {
	struct modules *owner;
	struct stat st; /* the file's status: device, inode, size and time identify it */
	char *build_id, *path;
	pid_t pid;
	int fd; /* -1: not open */
	/* Its debug file, and the one where the DWARF of either goes on; fd is -1: none is open. */
	struct opened debug, alt;
	void *image; /* a copy of an image in memory, in place of a file */
	size_t image_size;
	uint64_t handle; /* in the reader of this generation; 0: none */
	uint64_t generation;
	bool is_known;     /* the reader has said what follows */
	bool lacks_debug;  /* see struct reader_names */
	bool debug_sought; /* its debug files were looked for */
	char *debug_link;  /* see struct reader_names */
	bool marked;       /* a process still maps it: see modules__drop_unmarked() */
	bool text_sought;
	char *text;          /* see module__text() */
	struct found *found; /* a hash table with open addressing; its size is a power of two */
	size_t nr_found, found_room;
};

struct modules {
	struct modules_options options;
	struct reader *reader;
	struct module **v;
	size_t n, nr_open;
};

struct modules *modules__new(const struct modules_options *options)
{
	struct modules *ms = calloc(1, sizeof(*ms));

	if (!ms)
		return NULL;
	ms->options = *options;
	ms->reader = reader__new();
	if (ms->reader)
		return ms;
	free(ms);
	return NULL;
}

static bool is_open(const struct module *m)
{
	return m->handle && m->generation == reader__generation(m->owner->reader);
}

static void close_file(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void module__free(struct module *m)
{
	for (size_t i = 0; i < m->found_room; i++)
		record_frames__clear(&m->found[i].frames);
	free(m->found);
	m->owner->nr_open -= m->fd >= 0;
	close_file(&m->alt.fd);
	close_file(&m->debug.fd);
	close_file(&m->fd);
	free(m->image);
	free(m->build_id);
	free(m->debug_link);
	free(m->path);
	free(m->text);
	free(m);
}

void modules__free(struct modules *ms)
{
	if (!ms)
		return;
	for (size_t i = 0; i < ms->n; i++)
		module__free(ms->v[i]);
	free(ms->v);
	reader__free(ms->reader);
	free(ms);
}

size_t modules__count(const struct modules *ms)
{
	return ms->n;
}

void modules__unmark(struct modules *ms)
{
	for (size_t i = 0; i < ms->n; i++)
		ms->v[i]->marked = false;
}

void module__mark(struct module *m)
{
	m->marked = true;
}

void modules__drop_unmarked(struct modules *ms)
{
	size_t n = 0;

	for (size_t i = 0; i < ms->n; i++) {
		struct module *m = ms->v[i];

		if (m->marked) {
			ms->v[n++] = m;
			continue;
		}
		if (is_open(m))
			reader__close(ms->reader, m->handle);
		module__free(m);
	}
	ms->n = n;
}

static struct module *add(struct modules *ms)
{
	struct module **v = array__grow(ms->v, ms->n, sizeof(*v));
	struct module *m = v ? calloc(1, sizeof(*m)) : NULL;

	if (v)
		ms->v = v;
	if (!m)
		return NULL;
	m->owner = ms;
	m->fd = m->debug.fd = m->alt.fd = -1;
	return ms->v[ms->n++] = m;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static struct module *find_file(const struct modules *ms, const struct stat *st)
{
	for (size_t i = 0; i < ms->n; i++)
		if (!ms->v[i]->image && same_file(&ms->v[i]->st, st))
			return ms->v[i];
	return NULL;
}

/* Finds another module that is a copy of the same file: each container made from an image shows the
 * file on a device of its own. */
static struct module *find_copy(const struct module *copy)
{
	const struct modules *ms = copy->owner;

	for (size_t i = 0; copy->build_id && i < ms->n; i++) {
		struct module *m = ms->v[i];

		if (m != copy && !m->image && m->st.st_size == copy->st.st_size && m->build_id &&
		    !strcmp(m->build_id, copy->build_id))
			return m;
	}
	return NULL;
}

static struct reader_file file_of(const struct module *m)
{
	return (struct reader_file){m->fd, &m->st, m->image, m->image_size};
}

/* Says once that a file cannot be read. If that is the file's fault, no reader gets it again. */
static void give_up(const struct module *m, const struct stat *st, int err)
{
	const struct modules_options *o = &m->owner->options;

	if (reader__has_failed(err))
		unreadable__add(st, err);
	if (err == -ETIME)
		opener__strike(m->pid);
	if (o->unreadable && unreadable__tell(st))
		o->unreadable(m->pid, m->path, err, o->data);
}

static void give_up_file(struct module *m, int err)
{
	if (m->fd < 0)
		return;
	give_up(m, &m->st, err);
	m->owner->nr_open--;
	close_file(&m->fd);
	m->handle = 0;
}

/* Afterwards the file itself is opened anew, without its debug file. */
static void give_up_debug(struct module *m, const struct stat *st, int err)
{
	give_up(m, st, err);
	if (is_open(m))
		reader__close(m->owner->reader, m->handle);
	m->handle = 0;
}

/* What the reader says when the module is opened first stands: the file may be written later. */
static void learn(struct module *m, struct reader_names *names)
{
	if (!m->is_known) {
		m->build_id = names->build_id;
		m->debug_link = names->debug_link;
		m->lacks_debug = names->lacks_debug;
	} else {
		free(names->build_id);
		free(names->debug_link);
	}
	m->is_known = true;
}

/* Opens the module in the reader, unless it is open there. */
static int open_once(struct module *m)
{
	struct reader *r = m->owner->reader;
	struct reader_file file = file_of(m);
	struct reader_names names;
	bool used;
	int err;

	if (is_open(m))
		return 0;
	err = reader__open(r, &file, &names);
	if (err)
		return err;
	m->handle = names.handle;
	m->generation = reader__generation(r);
	learn(m, &names);
	if (m->debug.fd >= 0)
		err = reader__add_debug(r, m->handle, m->debug.fd, true, &used);
	if (!err && m->alt.fd >= 0)
		err = reader__add_alt(r, m->handle, m->alt.fd, &used);
	return err;
}

typedef int use_module(struct module *m, void *data);

/* Opens the module and uses it. The reader may have died of what other modules have it do, so it is
 * tried twice. */
static int use_twice(struct module *m, use_module *with, void *data)
{
	int err = -ECONNRESET;

	for (int i = 0; i < 2 && (err == -ECONNRESET || err == -ENOMEM); i++) {
		err = open_once(m);
		if (!err)
			err = with(m, data);
	}
	return err;
}

/* The same, then without its debug files. After an error the module is not read again. */
static int use(struct module *m, use_module *with, void *data)
{
	int err;

	if (m->fd < 0 && !m->image)
		return -EBADF;
	err = m->image ? 0 : unreadable__find(&m->st);
	if (!err)
		err = use_twice(m, with, data);
	if (reader__has_failed(err) && (m->debug.fd >= 0 || m->alt.fd >= 0)) {
		give_up_debug(m, m->debug.fd >= 0 ? &m->debug.st : &m->alt.st, err);
		close_file(&m->debug.fd);
		close_file(&m->alt.fd);
		err = use_twice(m, with, data);
	}
	if (err)
		give_up_file(m, err);
	return err;
}

static int no_use(struct module *m, void *data)
{
	(void)m;
	(void)data;
	return 0;
}

static void modules__remove_last(struct modules *ms)
{
	struct module *m = ms->v[--ms->n];

	if (is_open(m))
		reader__close(ms->reader, m->handle);
	module__free(m);
}

struct module *modules__of_file(struct modules *ms, const struct opened *file, const char *path,
				pid_t pid)
{
	struct module *m = find_file(ms, &file->st), *same;

	if (m || !(m = add(ms))) {
		close(file->fd);
		return m;
	}
	m->st = file->st;
	m->pid = pid;
	m->fd = file->fd;
	ms->nr_open++;
	m->path = strdup(path);
	if (!m->path) {
		modules__remove_last(ms);
		return NULL;
	}
	use(m, no_use, NULL);
	same = find_copy(m);
	if (same) {
		modules__remove_last(ms);
		return same;
	}
	if (ms->nr_open > OPEN_MAX_FILES) {
		if (is_open(m))
			reader__close(ms->reader, m->handle);
		m->handle = 0;
		ms->nr_open--;
		close_file(&m->fd);
	}
	return m;
}

struct module *modules__of_image(struct modules *ms, const void *image, size_t size)
{
	struct module *m;

	for (size_t i = 0; i < ms->n; i++)
		if (ms->v[i]->image && ms->v[i]->image_size == size &&
		    !memcmp(ms->v[i]->image, image, size))
			return ms->v[i];
	m = add(ms);
	if (!m)
		return NULL;
	m->image = malloc(size);
	if (!m->image)
		return m;
	memcpy(m->image, image, size);
	m->image_size = size;
	use(m, no_use, NULL);
	return m;
}

const char *module__build_id(const struct module *m)
{
	return m->build_id;
}

const char *module__text(struct module *m, const char *begins)
{
	struct reader_file file = file_of(m);
	int err;

	if (m->text_sought || m->fd < 0)
		return m->text;
	m->text_sought = true;
	err = reader__text(m->owner->reader, &file, begins, &m->text);
	if (reader__has_failed(err))
		give_up_file(m, err);
	return m->text;
}

/* Has the reader look at a debug file, and take names from it if it is the module's. */
static bool accept_debug(const struct opened *file, bool by_link, void *data)
{
	struct module *m = data;
	bool used = false;
	int err = unreadable__find(&file->st);

	if (!err)
		err = open_once(m);
	if (!err)
		err = reader__add_debug(m->owner->reader, m->handle, file->fd, by_link, &used);
	if (reader__has_failed(err))
		give_up_debug(m, &file->st, err);
	return used && !err;
}

/* The same for the file where DWARF goes on. */
static bool accept_alt(const struct opened *file, bool by_link, void *data)
{
	struct module *m = data;
	bool used = false;
	int err = unreadable__find(&file->st);

	(void)by_link;
	if (!err)
		err = open_once(m);
	if (!err)
		err = reader__add_alt(m->owner->reader, m->handle, file->fd, &used);
	if (reader__has_failed(err))
		give_up_debug(m, &file->st, err);
	return used && !err;
}

static int ask_alt_link(struct module *m, void *data)
{
	struct debug_query *query = data;
	char *build_id, *name;
	int err = reader__alt_link(m->owner->reader, m->handle, &build_id, &name);

	query->build_id = build_id;
	query->link = name;
	return err;
}

static void find_alt(struct module *m)
{
	struct debug_query query = {
		.path = m->path, .pid = m->pid, .accepts = accept_alt, .data = m};

	if (!use(m, ask_alt_link, &query) && query.build_id)
		debug_finder__open_alt(m->owner->options.finder, &query, &m->alt);
	free((char *)query.build_id);
	free((char *)query.link);
}

/* Looks once for the debug files of a file. */
static void find_debug(struct module *m)
{
	const struct debug_query query = {.path = m->path,
					  .build_id = m->build_id,
					  .link = m->debug_link,
					  .pid = m->pid,
					  .accepts = accept_debug,
					  .data = m};
	struct debug_finder *finder = m->owner->options.finder;

	if (m->debug_sought || !finder || m->fd < 0)
		return;
	m->debug_sought = true;
	if (m->lacks_debug)
		debug_finder__open(finder, &query, &m->debug);
	find_alt(m);
}

static int read_place(struct module *m, void *data)
{
	struct found *f = data;

	return reader__find(m->owner->reader, m->handle, f->file_offset, &f->place, &f->frames);
}

/* What is not known of a place in a file that cannot be read. */
static int find_nothing(struct found *f)
{
	record_frames__clear(&f->frames);
	f->frames = (struct record_frames){0};
	f->place = (struct elf_place){.offset = f->file_offset, .can_return = true};
	return record_frames__add(&f->frames) ? 0 : -ENOMEM;
}

/* The entry of "file_offset", or the free entry where it belongs. */
static struct found *entry_of(struct found *found, size_t room, uint64_t file_offset)
{
	size_t at = (file_offset * 0x9e3779b97f4a7c15) >> 32 & (room - 1);

	while (found[at].frames.n && found[at].file_offset != file_offset)
		at = (at + 1) & (room - 1);
	return &found[at];
}

static bool make_room(struct module *m)
{
	size_t room = m->found_room ? 2 * m->found_room : 64;
	struct found *more;

	if (m->found_room && m->nr_found < m->found_room / 2)
		return true;
	more = calloc(room, sizeof(*more));
	if (!more)
		return false;
	for (size_t i = 0; i < m->found_room; i++)
		if (m->found[i].frames.n)
			*entry_of(more, room, m->found[i].file_offset) = m->found[i];
	free(m->found);
	m->found = more;
	m->found_room = room;
	return true;
}

/* What is at "file_offset"; NULL without memory. */
static const struct found *find(struct module *m, uint64_t file_offset)
{
	struct found *f;

	if (!make_room(m))
		return NULL;
	f = entry_of(m->found, m->found_room, file_offset);
	if (f->frames.n)
		return f;
	f->file_offset = file_offset;
	find_debug(m);
	if (use(m, read_place, f) && find_nothing(f))
		return NULL;
	m->nr_found++;
	return f;
}

bool module__begins_function(struct module *m, uint64_t file_offset)
{
	const struct found *f = find(m, file_offset - 1);

	return f && f->place.begins_function;
}

bool module__can_return_to(struct module *m, uint64_t file_offset)
{
	const struct found *f = find(m, file_offset - 1);

	return !f || f->place.can_return;
}

const struct record_frames *module__find(struct module *m, uint64_t file_offset, uint64_t *offset)
{
	const struct found *f = find(m, file_offset);

	if (!f)
		return NULL;
	*offset = f->place.offset;
	return &f->frames;
}
