// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files that processes have mapped to execute, and their rows of call frame information.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reader/opener.h"
#include "tracer/unwind_modules.h"

static void unwind_module__free(struct unwind_module *m)
{
	if (m->fd >= 0)
		close(m->fd);
	cfi__free(&m->table);
	free(m->image);
	elf_headers__clear(&m->headers);
	free(m->path);
	free(m);
}

void unwind_modules__remove(struct unwind_modules *m, size_t i)
{
	unwind_module__free(m->v[i]);
	m->v[i] = m->v[--m->n];
}

void unwind_modules__free(struct unwind_modules *m)
{
	for (size_t i = 0; i < m->n; i++)
		unwind_module__free(m->v[i]);
	free(m->v);
	reader__free(m->reader);
	*m = (struct unwind_modules){0};
}

static bool begins_with(const struct code_mapping *m, const char *begin)
{
	return !strncmp(m->path, begin, strlen(begin));
}

/* Code that is in no file was made at run time. */
static u32 end_without_file(const struct code_mapping *m)
{
	return !*m->path || begins_with(m, "/memfd:") || begins_with(m, "[anon") ||
			       begins_with(m, "/dev/zero") || begins_with(m, "/anon_hugepage") ||
			       begins_with(m, "/SYSV")
		       ? CHAIN_JIT
		       : CHAIN_NO_CFI;
}

/* Returns how chains end in a mapping whose file could not be opened, for "err". The files of a
 * process that is gone (ESRCH) are not missed, and a device (EINVAL) has no code to read. */
static u32 end_unopened(const struct code_mapping *m, int err)
{
	u32 end = end_without_file(m);

	return m->inode && end == CHAIN_NO_CFI && err != -ESRCH && err != -EINVAL
		       ? CHAIN_UNREADABLE_FILE
		       : end;
}

static void set_unreadable(struct unwind_module *m, int err)
{
	m->end = CHAIN_UNREADABLE_FILE;
	m->err = err;
}

static struct reader_file file_of(const struct unwind_module *m)
{
	return (struct reader_file){m->fd, &m->st, m->image, m->image_size};
}

/* Looks at a new module's headers; what is no ELF file has no rows, and is not waited for. */
static void unwind_module__open(struct unwind_modules *ms, struct unwind_module *m,
				const struct code_mapping *mapping)
{
	struct reader_file file = file_of(m);
	int err = -ENOMEM;

	if (m->fd < 0 && !m->image) {
		m->end = end_unopened(mapping, m->err);
		m->read = m->end != CHAIN_COMPLETE;
		return;
	}
	if (!ms->reader)
		ms->reader = reader__new();
	if (ms->reader)
		err = reader__headers(ms->reader, &file, &m->headers);
	if (err == -ENOEXEC)
		m->end = end_without_file(mapping);
	else if (err)
		set_unreadable(m, err);
	m->read = m->end != CHAIN_COMPLETE;
}

/* Is "m" the module of a mapping that could not be opened? Of an unreadable file only the name is
 * known; all other such mappings share one module for each end of chains. */
static bool is_unopened(const struct unwind_module *m, const struct code_mapping *mapping, u32 end)
{
	return !m->st.st_ino && !m->image && m->end == end &&
	       (end != CHAIN_UNREADABLE_FILE || !strcmp(m->path, mapping->path));
}

/* The module of a mapping, if it is known: the same file, which "st" is of; the vDSO, of which a
 * kernel has one; or what could not be opened, for "err", or is in no file. */
static struct unwind_module *find(const struct unwind_modules *m,
				  const struct code_mapping *mapping, const struct stat *st,
				  int err)
{
	u32 end = end_unopened(mapping, err);

	for (size_t i = 0; i < m->n; i++) {
		struct unwind_module *v = m->v[i];

		if (st->st_ino ? v->st.st_ino == st->st_ino && v->st.st_dev == st->st_dev &&
					 !memcmp(&v->st.st_ctim, &st->st_ctim, sizeof(st->st_ctim))
		    : code_mapping__is_vdso(mapping) ? !!v->image
						     : is_unopened(v, mapping, end))
			return v;
	}
	return NULL;
}

static struct unwind_module *unwind_modules__add(struct unwind_modules *m, const char *path)
{
	struct unwind_module *module = calloc(1, sizeof(*module));
	struct unwind_module **more = realloc(m->v, (m->n + 1) * sizeof(*more));

	if (more)
		m->v = more;
	if (module)
		module->path = strdup(path);
	if (!module || !module->path || !more) {
		free(module);
		return NULL;
	}
	module->fd = -1;
	m->v[m->n++] = module;
	return module;
}

struct unwind_module *unwind_modules__get(struct unwind_modules *m, pid_t pid,
					  const struct code_mapping *mapping)
{
	struct opened file = {.fd = -1};
	int err = mapping->inode ? opener__mapping(pid, mapping, &file) : -1;
	struct unwind_module *module = find(m, mapping, &file.st, err);

	if (module && module->again && !err) {
		module->fd = file.fd;
		module->end = CHAIN_COMPLETE;
		module->read = module->placed = module->again = false;
		return module;
	}
	if (module || !(module = unwind_modules__add(m, mapping->path))) {
		if (!err)
			close(file.fd);
		return module;
	}
	module->fd = file.fd;
	module->err = err;
	module->st = file.st;
	if (code_mapping__is_vdso(mapping)) {
		module->image = code_mapping__read(pid, mapping);
		module->image_size = mapping->end - mapping->start;
	}
	unwind_module__open(m, module, mapping);
	if (!err && module->err == -ETIME)
		opener__strike(pid);
	return module;
}

/* One module, and what reading it gave: only its reader looks at that until all are read. */
struct read_module {
	struct unwind_module *module;
	struct cfi_table table;
	int err;
};

/* Readers that read rows at the same time, each with a thread that waits for it. */
enum { READERS = 2 };

struct reading_thread {
	struct unwind_reading *reading;
	struct reader *reader;
	pthread_t thread;
};

struct unwind_reading {
	struct read_module *v;
	size_t n;
	atomic_size_t next, nr_left;
	struct reading_thread threads[READERS];
	size_t nr_threads;
	int done_fd;
};

static void *read_next(void *data)
{
	const struct reading_thread *t = data;
	struct unwind_reading *r = t->reading;
	size_t i;

	while ((i = atomic_fetch_add(&r->next, 1)) < r->n) {
		struct reader_file file = file_of(r->v[i].module);

		r->v[i].err = reader__rows(t->reader, &file, &r->v[i].table);
		if (atomic_fetch_sub(&r->nr_left, 1) == 1 && r->done_fd >= 0)
			eventfd_write(r->done_fd, 1);
	}
	return NULL;
}

static size_t list_unread(struct unwind_modules *m, struct read_module *v)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct unwind_module *module = m->v[i];

		if (module->read || module->reading)
			continue;
		module->reading = true;
		v[n++] = (struct read_module){.module = module};
	}
	return n;
}

/* The reader of headers goes on as the first reader of rows. */
static struct reader *take_reader(struct unwind_modules *m)
{
	struct reader *r = m->reader ? m->reader : reader__new();

	m->reader = NULL;
	return r;
}

static bool begin_thread(struct unwind_modules *m, struct unwind_reading *r)
{
	struct reading_thread *t = &r->threads[r->nr_threads];

	*t = (struct reading_thread){.reading = r, .reader = take_reader(m)};
	if (!t->reader)
		return false;
	/* Started here: a reader does not outlive the thread that has started it. */
	reader__start(t->reader);
	if (!pthread_create(&t->thread, NULL, read_next, t))
		return true;
	reader__free(t->reader);
	return false;
}

struct unwind_reading *unwind_modules__begin_reading(struct unwind_modules *m, int done_fd)
{
	struct unwind_reading *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->v = calloc(m->n + 1, sizeof(*r->v));
	if (r->v)
		r->n = list_unread(m, r->v);
	if (!r->n) {
		free(r->v);
		free(r);
		return NULL;
	}
	r->nr_left = r->n;
	r->done_fd = done_fd;
	while (r->nr_threads < READERS && r->nr_threads < r->n && begin_thread(m, r))
		r->nr_threads++;
	if (!r->nr_threads && done_fd >= 0) /* who ends the reading does it */
		eventfd_write(done_fd, 1);
	return r;
}

static bool has_no_cfi(int err)
{
	return err == -ENOENT || err == -ENOEXEC || err == -EOVERFLOW;
}

static void end_reading(struct read_module *r)
{
	struct unwind_module *m = r->module;

	m->table = r->table;
	if (r->err == -EBADMSG)
		m->end = CHAIN_DAMAGED;
	else if (has_no_cfi(r->err))
		m->end = CHAIN_NO_CFI;
	else if (r->err)
		set_unreadable(m, r->err);
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
	m->reading = false;
	m->read = true;
}

/* There was no thread for it. */
static void read_here(struct unwind_reading *r)
{
	struct reading_thread t = {.reading = r, .reader = reader__new()};

	r->done_fd = -1;
	for (size_t i = 0; !t.reader && i < r->n; i++)
		r->v[i].err = -ENOMEM;
	if (t.reader)
		read_next(&t);
	reader__free(t.reader);
}

void unwind_modules__end_reading(struct unwind_reading *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->nr_threads; i++) {
		pthread_join(r->threads[i].thread, NULL);
		reader__leave(r->threads[i].reader);
	}
	if (!r->nr_threads)
		read_here(r);
	for (size_t i = 0; i < r->n; i++)
		end_reading(&r->v[i]);
	free(r->v);
	free(r);
}

void unwind_modules__read(struct unwind_modules *m)
{
	unwind_modules__end_reading(unwind_modules__begin_reading(m, -1));
}

void unwind_modules__begin(struct unwind_modules *m)
{
	opener__start();
	m->reader = reader__new();
	if (m->reader)
		reader__start(m->reader);
}

bool unwind_module__base(const struct unwind_module *m, const struct code_mapping *mapping,
			 u64 *base)
{
	if (m->image) {
		*base = mapping->start;
		return true;
	}
	for (size_t i = 0; i < m->headers.nr_loads; i++) {
		u64 page = 4095, offset = m->headers.loads[i].offset & ~page;

		if (mapping->file_offset < offset ||
		    mapping->file_offset >= m->headers.loads[i].offset + m->headers.loads[i].size)
			continue;
		*base = mapping->start - (mapping->file_offset - offset) -
			((m->headers.loads[i].vaddr & ~page) - m->base);
		return true;
	}
	return false;
}
