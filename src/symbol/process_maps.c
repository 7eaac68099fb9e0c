// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What code one process has and had mapped. It is asked twice a second, so that what has not
 * changed must cost no more than reading the text.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "collect/proc.h"
#include "symbol/elf_file.h"
#include "symbol/module.h"
#include "symbol/process_maps.h"

/* Past mappings kept; compilers at run time map and unmap without end. The vDSO is a few pages. */
enum { PAST_MAX = 1024, IMAGE_MAX = 1 << 16 };

static void mapping__clear(struct mapping *m)
{
	free(m->path);
}

static void mappings__clear(struct mappings *ms)
{
	for (size_t i = 0; i < ms->n; i++)
		mapping__clear(&ms->v[i]);
	free(ms->v);
	memset(ms, 0, sizeof(*ms));
}

void process_maps__clear(struct process_maps *p)
{
	mappings__clear(&p->now);
	mappings__clear(&p->past);
}

/* Takes "m" over. */
static int add(struct mappings *ms, const struct mapping *m)
{
	struct mapping *v = ms->v;

	if ((ms->n & (ms->n - 1)) == 0)
		v = reallocarray(ms->v, ms->n ? 2 * ms->n : 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	ms->v = v;
	v[ms->n++] = *m;
	return 0;
}

static bool same_mapping(const struct mapping *a, const struct mapping *b)
{
	return a->start == b->start && a->end == b->end && a->file_offset == b->file_offset &&
	       a->device == b->device && a->inode == b->inode && !strcmp(a->path, b->path);
}

/* The kernel writes a newline in a path as \012, and says behind it that the file is gone. */
static void clean_path(char *path)
{
	static const char deleted[] = " (deleted)";
	size_t len = strlen(path);
	char *escape;

	if (len > strlen(deleted) && !strcmp(path + len - strlen(deleted), deleted))
		path[len - strlen(deleted)] = '\0';
	while ((escape = strstr(path, "\\012"))) {
		*escape = '\n';
		memmove(escape + 1, escape + 4, strlen(escape + 4) + 1);
	}
}

/* Reads a line of maps whose path ends it; the path stays in the line. False if it is not code. */
static bool parse_line(char *line, struct mapping *m)
{
	unsigned int major, minor;
	char *at = line;

	m->start = strtoull(at, &at, 16);
	if (*at != '-')
		return false;
	m->end = strtoull(at + 1, &at, 16);
	if (strlen(at) < 6 || at[3] != 'x')
		return false;
	m->file_offset = strtoull(at + 6, &at, 16);
	major = (unsigned int)strtoul(at, &at, 16);
	if (*at != ':')
		return false;
	minor = (unsigned int)strtoul(at + 1, &at, 16);
	m->device = makedev(major, minor);
	m->inode = strtoull(at, &at, 10);
	m->path = at + strspn(at, " ");
	m->module = NULL;
	clean_path(m->path);
	return m->start < m->end;
}

/* map_files leads to the file itself, wherever it is and even if it has no name any more; it needs
 * more privilege than the way by name. */
static int open_file(pid_t pid, const struct mapping *m)
{
	struct stat st;
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, (int)pid, m->start,
		 m->end);
	fd = elf_file__open(NULL, path);
	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	fd = elf_file__open(path, m->path);
	/* Another file may have that name by now. Devices differ: btrfs and overlayfs show others.
	 */
	if (fd >= 0 && (fstat(fd, &st) || st.st_ino != m->inode)) {
		close(fd);
		fd = -ESTALE;
	}
	return fd;
}

static struct module *read_image(struct modules *modules, pid_t pid, const struct mapping *m)
{
	size_t size = m->end - m->start;
	void *image = size <= IMAGE_MAX ? proc__read_memory(pid, m->start, size) : NULL;
	struct module *module = image ? modules__of_image(modules, image, size) : NULL;

	free(image);
	return module;
}

static struct module *find_module(struct modules *modules, pid_t pid, const struct mapping *m)
{
	int fd;

	if (!strcmp(m->path, "[vdso]"))
		return read_image(modules, pid, m);
	if (*m->path != '/')
		return NULL;
	fd = open_file(pid, m);
	return fd < 0 ? NULL : modules__of_file(modules, fd, m->path, pid);
}

/* The mapping of "ms" that is "m": "*next" is where it is if nothing has changed. */
static const struct mapping *find_same(const struct mappings *ms, size_t *next,
				       const struct mapping *m)
{
	while (*next < ms->n && ms->v[*next].start < m->start)
		++*next;
	return *next < ms->n && same_mapping(&ms->v[*next], m) ? &ms->v[*next] : NULL;
}

static int parse_maps(char *text, const struct mappings *before, struct modules *modules, pid_t pid,
		      struct mappings *out)
{
	char *line, *save = NULL;
	size_t next = 0;
	int err = 0;

	for (line = strtok_r(text, "\n", &save); line && !err; line = strtok_r(NULL, "\n", &save)) {
		const struct mapping *same;
		struct mapping m;

		if (!parse_line(line, &m))
			continue;
		same = find_same(before, &next, &m);
		m.module = same ? same->module : find_module(modules, pid, &m);
		m.path = strdup(m.path);
		err = m.path ? add(out, &m) : -ENOMEM;
		if (err)
			mapping__clear(&m);
	}
	return err;
}

/* Into the past goes what is not there any more, the oldest of it out if there is too much. */
static void retire(struct mappings *past, struct mapping *m)
{
	for (size_t i = 0; i < past->n; i++) {
		if (past->n < PAST_MAX && !same_mapping(&past->v[i], m))
			continue;
		mapping__clear(&past->v[i]);
		memmove(&past->v[i], &past->v[i + 1], (past->n - i - 1) * sizeof(*past->v));
		past->n--;
		break;
	}
	if (add(past, m))
		mapping__clear(m);
}

int process_maps__update(struct process_maps *p, struct modules *modules)
{
	char *text = proc__read(p->pid, "maps", NULL);
	struct mappings now = {0};
	size_t next = 0;
	int err;

	/* A process that has ended, and is not yet waited for, has none. */
	if (!text || !*text) {
		free(text);
		return -ESRCH;
	}
	err = parse_maps(text, &p->now, modules, p->pid, &now);
	free(text);
	if (err) {
		mappings__clear(&now);
		return err;
	}
	for (size_t i = 0; i < p->now.n; i++) {
		if (find_same(&now, &next, &p->now.v[i]))
			mapping__clear(&p->now.v[i]);
		else
			retire(&p->past, &p->now.v[i]);
	}
	free(p->now.v);
	p->now = now;
	return 0;
}

const struct mapping *process_maps__find(const struct process_maps *p, uint64_t address)
{
	size_t low = 0, high = p->now.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->now.v[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < p->now.n && p->now.v[low].start <= address)
		return &p->now.v[low];
	for (size_t i = p->past.n; i-- > 0;)
		if (address >= p->past.v[i].start && address < p->past.v[i].end)
			return &p->past.v[i];
	return NULL;
}
