// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files that processes have mapped to execute, and their rows of call frame information.
 */
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "collect/proc.h"
#include "collect/unwind_modules.h"

/* The fewest bytes of .eh_frame a row was seen to take is 4.9, over a QEMU and its libraries. */
enum { BYTES_PER_ROW = 4, VDSO_MAX = 64 * 1024 };

/* One line: "start-end perms offset major:minor inode   path". */
static bool parse_line(const char *line, struct code_mapping *m, char *execute)
{
	unsigned long long start, end, offset, inode;
	unsigned int major_nr, minor_nr;
	char perms[5];
	int at = 0;

	if (sscanf(line, "%llx-%llx %4s %llx %x:%x %llu%n", &start, &end, perms, &offset, &major_nr,
		   &minor_nr, &inode, &at) != 7)
		return false;
	*m = (struct code_mapping){.start = start,
				   .end = end,
				   .offset = offset,
				   .dev = makedev(major_nr, minor_nr),
				   .inode = inode};
	m->path = line + at + strspn(line + at, " ");
	m->path_len = strcspn(m->path, "\n");
	*execute = perms[2];
	return true;
}

int code_mappings__each(const char *text, int (*visit)(const struct code_mapping *, void *),
			void *data)
{
	struct code_mapping m;
	char execute;
	int err;

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		/* Most mappings are not executable, and are not looked at further. */
		const char *perms = strchr(line, ' ');

		if (!perms || perms[1] == '\0' || perms[2] == '\0' || perms[3] != 'x')
			continue;
		if (!parse_line(line, &m, &execute) || execute != 'x')
			continue;
		err = visit(&m, data);
		if (err)
			return err;
	}
	return 0;
}

static void unwind_module__free(struct unwind_module *m)
{
	if (m->fd >= 0)
		close(m->fd);
	cfi__free(&m->table);
	free(m->image);
	free(m);
}

void unwind_modules__free(struct unwind_modules *m)
{
	for (size_t i = 0; i < m->n; i++)
		unwind_module__free(m->v[i]);
	free(m->v);
	m->v = NULL;
	m->n = 0;
}

static bool is_named(const struct code_mapping *m, const char *name)
{
	return m->path_len == strlen(name) && !memcmp(m->path, name, m->path_len);
}

static bool begins_with(const struct code_mapping *m, const char *begin)
{
	return m->path_len >= strlen(begin) && !memcmp(m->path, begin, strlen(begin));
}

/* Path by which a mapped file is reached: /proc/PID/map_files, which knows deleted files and those
 * of other mount namespaces, else the path under the process's root. */
static void mapped_path(char path[PATH_MAX], pid_t pid, const struct code_mapping *m)
{
	snprintf(path, PATH_MAX, "/proc/%d/map_files/%llx-%llx", pid, (unsigned long long)m->start,
		 (unsigned long long)m->end);
	if (access(path, F_OK))
		snprintf(path, PATH_MAX, "/proc/%d/root%.*s", pid, (int)m->path_len, m->path);
}

/* Executable segments, build-id and about how many rows, from the headers alone. */
static void read_headers(struct unwind_module *m, Elf *elf)
{
	size_t n, names;
	GElf_Phdr ph;
	GElf_Shdr sh;
	const char *name;
	const void *bits;
	ssize_t len;

	if (elf_getphdrnum(elf, &n))
		return;
	for (size_t i = 0; i < n && m->nr_loads < sizeof(m->loads) / sizeof(*m->loads); i++)
		if (gelf_getphdr(elf, (int)i, &ph) && ph.p_type == PT_LOAD && ph.p_flags & PF_X) {
			m->loads[m->nr_loads].offset = ph.p_offset;
			m->loads[m->nr_loads].vaddr = ph.p_vaddr;
			m->loads[m->nr_loads++].size = ph.p_filesz;
		}
	len = dwelf_elf_gnu_build_id(elf, &bits);
	if (len > 0 && (size_t)len <= sizeof(m->build_id)) {
		memcpy(m->build_id, bits, (size_t)len);
		m->build_id_len = (size_t)len;
	}
	m->size_hint = 4096;
	if (elf_getshdrstrndx(elf, &names))
		return;
	for (Elf_Scn *s = elf_nextscn(elf, NULL); s; s = elf_nextscn(elf, s)) {
		if (!gelf_getshdr(s, &sh))
			continue;
		name = elf_strptr(elf, names, sh.sh_name);
		if (name && (!strcmp(name, ".eh_frame") || !strcmp(name, ".debug_frame")))
			m->size_hint += sh.sh_size / BYTES_PER_ROW;
	}
}

/* Code that is in no file was made at run time. */
static u32 end_without_file(const struct code_mapping *m)
{
	return !m->path_len || begins_with(m, "/memfd:") || begins_with(m, "[anon") ||
			       begins_with(m, "/dev/zero")
		       ? CHAIN_JIT
		       : CHAIN_NO_CFI;
}

/* Looks at a new module's headers; what is no ELF file has no rows. */
static void unwind_module__open(struct unwind_module *m, const char *path,
				const struct code_mapping *mapping)
{
	struct stat st;
	Elf *elf = NULL;

	if (*path)
		m->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (m->image)
		elf = elf_memory(m->image, m->image_size);
	else if (m->fd >= 0 && !fstat(m->fd, &st) && S_ISREG(st.st_mode))
		elf = elf_begin(m->fd, ELF_C_READ_MMAP, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		read_headers(m, elf);
	else
		m->end = end_without_file(mapping);
	elf_end(elf);
}

static bool same_file(const struct unwind_module *a, const struct unwind_module *b)
{
	return a->build_id_len && a->build_id_len == b->build_id_len &&
	       !memcmp(a->build_id, b->build_id, a->build_id_len) && a->nr_loads == b->nr_loads &&
	       !memcmp(a->loads, b->loads, sizeof(a->loads));
}

/* The module of a mapping, if it is known: the same file; the vDSO, of which a kernel has one; or
 * what is in no file, and tells no more than that. */
static struct unwind_module *find(const struct unwind_modules *m,
				  const struct code_mapping *mapping, const struct timespec *ctime)
{
	bool vdso = is_named(mapping, "[vdso]");
	u32 end = end_without_file(mapping);

	for (size_t i = 0; i < m->n; i++) {
		struct unwind_module *v = m->v[i];

		if (mapping->inode ? v->inode == mapping->inode && v->dev == mapping->dev &&
					     !memcmp(&v->ctime, ctime, sizeof(*ctime))
		    : vdso ? !!v->image
			   : !v->inode && !v->image && v->end == end)
			return v;
	}
	return NULL;
}

static struct unwind_module *unwind_modules__add(struct unwind_modules *m)
{
	struct unwind_module *module = calloc(1, sizeof(*module));
	struct unwind_module **more = realloc(m->v, (m->n + 1) * sizeof(*more));

	if (more)
		m->v = more;
	if (!module || !more) {
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
	char path[PATH_MAX] = "";
	struct stat st = {0};
	struct unwind_module *module;

	if (mapping->inode) {
		mapped_path(path, pid, mapping);
		if (stat(path, &st))
			st.st_ctim = (struct timespec){0};
	}
	module = find(m, mapping, &st.st_ctim);
	if (module)
		return module;
	module = unwind_modules__add(m);
	if (!module)
		return NULL;
	module->dev = mapping->dev;
	module->inode = mapping->inode;
	module->ctime = st.st_ctim;
	elf_version(EV_CURRENT);
	if (is_named(mapping, "[vdso]") && mapping->end - mapping->start <= VDSO_MAX) {
		module->image_size = mapping->end - mapping->start;
		module->image = proc__read_memory(pid, mapping->start, module->image_size);
	}
	unwind_module__open(module, path, mapping);
	/* Another copy of a file that is known: containers have their own. */
	for (size_t i = 0; i + 1 < m->n; i++)
		if (same_file(module, m->v[i])) {
			unwind_module__free(module);
			m->n--;
			return m->v[i];
		}
	return module;
}

static void unwind_module__read(struct unwind_module *m)
{
	int err = m->image ? cfi__read_image(m->image, m->image_size, &m->table)
			   : cfi__read(m->fd, &m->table);

	if (err == -EBADMSG)
		m->end = CHAIN_DAMAGED;
	else if (err)
		m->end = CHAIN_NO_CFI;
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}

struct reading {
	struct unwind_modules *modules;
	atomic_size_t next;
};

static void *read_next(void *data)
{
	struct reading *r = data;
	size_t i;

	while ((i = atomic_fetch_add(&r->next, 1)) < r->modules->n) {
		struct unwind_module *m = r->modules->v[i];

		if (!m->read && m->end == CHAIN_COMPLETE)
			unwind_module__read(m);
		m->read = true;
	}
	return NULL;
}

void unwind_modules__read(struct unwind_modules *m)
{
	struct reading r = {.modules = m};
	pthread_t other;
	bool two = !pthread_create(&other, NULL, read_next, &r);

	read_next(&r);
	if (two)
		pthread_join(other, NULL);
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

		if (mapping->offset < offset ||
		    mapping->offset >= m->loads[i].offset + m->loads[i].size)
			continue;
		*base = mapping->start - (mapping->offset - offset) -
			((m->loads[i].vaddr & ~page) - m->base);
		return true;
	}
	return false;
}
