// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files that processes have mapped to execute, and their rows of call frame information.
 */
#include <errno.h>
#include <gelf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/unwind_modules.h"
#include "symbol/elf_file.h"

/* A QEMU and its libraries take 6.4 bytes of .eh_frame a row. */
enum { BYTES_PER_ROW = 5 };

static void unwind_module__free(struct unwind_module *m)
{
	if (m->fd >= 0)
		close(m->fd);
	cfi__free(&m->table);
	free(m->image);
	free(m->build_id);
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
	m->v = NULL;
	m->n = 0;
}

static bool begins_with(const struct code_mapping *m, const char *begin)
{
	return !strncmp(m->path, begin, strlen(begin));
}

/* A section is no larger than its file, whatever its header says. */
static u64 min_size(u64 size, const struct unwind_module *m)
{
	u64 whole = m->image ? m->image_size : (u64)m->st.st_size;

	return size < whole ? size : whole;
}

/* Executable segments, build-id and about how many rows, from the headers alone. */
static void read_headers(struct unwind_module *m, Elf *elf)
{
	size_t n, names;
	GElf_Phdr ph;
	GElf_Shdr sh;
	const char *name;

	if (elf_getphdrnum(elf, &n))
		return;
	for (size_t i = 0; i < n && m->nr_loads < sizeof(m->loads) / sizeof(*m->loads); i++)
		if (gelf_getphdr(elf, (int)i, &ph) && ph.p_type == PT_LOAD && ph.p_flags & PF_X) {
			m->loads[m->nr_loads].offset = ph.p_offset;
			m->loads[m->nr_loads].vaddr = ph.p_vaddr;
			m->loads[m->nr_loads++].size = ph.p_filesz;
		}
	m->build_id = elf_file__build_id(elf);
	m->size_hint = 4096;
	if (elf_getshdrstrndx(elf, &names))
		return;
	for (Elf_Scn *s = elf_nextscn(elf, NULL); s; s = elf_nextscn(elf, s)) {
		if (!gelf_getshdr(s, &sh))
			continue;
		name = elf_strptr(elf, names, sh.sh_name);
		if (name && (!strcmp(name, ".eh_frame") || !strcmp(name, ".debug_frame")))
			m->size_hint += min_size(sh.sh_size, m) / BYTES_PER_ROW;
	}
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

/* Looks at a new module's headers; what is no ELF file has no rows, and is not waited for. */
static void unwind_module__open(struct unwind_module *m, const struct code_mapping *mapping)
{
	Elf *elf = NULL;
	char byte;

	elf_version(EV_CURRENT);
	if (m->image)
		elf = elf_memory(m->image, m->image_size);
	else if (m->fd >= 0)
		elf = elf_file__begin(m->fd);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		read_headers(m, elf);
	else if (m->fd < 0)
		m->end = end_unopened(mapping, m->err);
	else if (pread(m->fd, &byte, 1, 0) < 0)
		set_unreadable(m, -errno);
	else
		m->end = end_without_file(mapping);
	m->read = m->end != CHAIN_COMPLETE;
	elf_end(elf);
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
	int fd = mapping->inode ? code_mapping__open(pid, mapping) : -1;
	struct unwind_module *module;
	struct stat st = {0};

	if (fd >= 0 && fstat(fd, &st))
		st = (struct stat){0};
	module = find(m, mapping, &st, fd);
	if (module && module->again && fd >= 0) {
		module->fd = fd;
		module->end = CHAIN_COMPLETE;
		module->read = module->placed = module->again = false;
		return module;
	}
	if (module || !(module = unwind_modules__add(m, mapping->path))) {
		if (fd >= 0)
			close(fd);
		return module;
	}
	module->fd = fd;
	module->err = fd < 0 ? fd : 0;
	module->st = st;
	if (code_mapping__is_vdso(mapping)) {
		module->image = code_mapping__read(pid, mapping);
		module->image_size = mapping->end - mapping->start;
	}
	unwind_module__open(module, mapping);
	return module;
}

/* One module, and what reading it gave: only its reader looks at that until all are read. */
struct read_module {
	struct unwind_module *module;
	struct cfi_table table;
	int err;
};

struct unwind_reading {
	struct read_module *v;
	size_t n;
	atomic_size_t next, nr_left;
	pthread_t threads[2];
	size_t nr_threads;
	int done_fd;
};

static void read_module(struct read_module *r)
{
	struct unwind_module *m = r->module;

	r->err = m->image ? cfi__read_image(m->image, m->image_size, &r->table)
			  : cfi__read(m->fd, &r->table);
}

static void *read_next(void *data)
{
	struct unwind_reading *r = data;
	size_t i;

	while ((i = atomic_fetch_add(&r->next, 1)) < r->n) {
		read_module(&r->v[i]);
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
	while (r->nr_threads < 2 && r->nr_threads < r->n &&
	       !pthread_create(&r->threads[r->nr_threads], NULL, read_next, r))
		r->nr_threads++;
	if (!r->nr_threads && done_fd >= 0) /* who ends the reading does it */
		eventfd_write(done_fd, 1);
	return r;
}

static void end_reading(struct read_module *r)
{
	struct unwind_module *m = r->module;

	m->table = r->table;
	if (r->err == -EIO)
		set_unreadable(m, r->err);
	else if (r->err)
		m->end = r->err == -EBADMSG ? CHAIN_DAMAGED : CHAIN_NO_CFI;
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
	m->reading = false;
	m->read = true;
}

void unwind_modules__end_reading(struct unwind_reading *r)
{
	if (!r)
		return;
	if (!r->nr_threads) {
		r->done_fd = -1;
		read_next(r);
	}
	for (size_t i = 0; i < r->nr_threads; i++)
		pthread_join(r->threads[i], NULL);
	for (size_t i = 0; i < r->n; i++)
		end_reading(&r->v[i]);
	free(r->v);
	free(r);
}

void unwind_modules__read(struct unwind_modules *m)
{
	unwind_modules__end_reading(unwind_modules__begin_reading(m, -1));
}

bool unwind_module__base(const struct unwind_module *m, const struct code_mapping *mapping,
			 u64 *base)
{
	if (m->image) {
		*base = mapping->start;
		return true;
	}
	for (size_t i = 0; i < m->nr_loads; i++) {
		u64 page = 4095, offset = m->loads[i].offset & ~page;

		if (mapping->file_offset < offset ||
		    mapping->file_offset >= m->loads[i].offset + m->loads[i].size)
			continue;
		*base = mapping->start - (mapping->file_offset - offset) -
			((m->loads[i].vaddr & ~page) - m->base);
		return true;
	}
	return false;
}
