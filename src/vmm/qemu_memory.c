/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matching memory backends to mappings. What names its backend comes first: "/memfd:ram0" of
 * memory-backend-ram,share=on since QEMU 10, "qemu_back_mem.ram0.Xy12" of memory-backend-file in a
 * directory, a path. All others of one type and length are told apart by the order of their
 * creation, where two witnesses agree on it.
 */
#include "vmm/qemu_memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "proc/maps.h"
#include "record.h"
#include "vmm/qemu_option.h"

enum { PATH_LENGTH = 4096, BACKENDS_MAX = 256 };

/* Anonymous memory is aligned to 2 MiB and may be mapped with its neighbour of the same kind; next
 * to it is a guard page. */
enum { SLACK = 4 << 20 };

enum type { TYPE_MEMFD, TYPE_FILE, TYPE_RAM, TYPE_SHM, TYPE_EPC, NR_TYPES };

static const char *const type_names[NR_TYPES] = {"memory-backend-memfd", "memory-backend-file",
						 "memory-backend-ram", "memory-backend-shm",
						 "memory-backend-epc"};

struct backend {
	enum type type;
	char id[64];
	uint64_t bytes;
	char path[PATH_LENGTH];
	int32_t node;
	bool found;
};

/* Neighbouring mappings of one file, or one of anonymous memory. */
struct area {
	uint64_t start, end, offset, inode;
	uint32_t dev;
	bool shared, deleted, taken;
	int fd; /* the lowest of its file; -1 where there is none */
	char name[1024];
};

struct matching {
	struct backend *backends;
	size_t nr_backends;
	struct area *areas;
	size_t nr_areas;
	const struct ram_evidence *evidence;
	struct ram_blocks *out;
	bool top_down; /* later mappings are below earlier ones */
	int err;
};

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* --- the command line --- */

static bool take_type(const char *object, enum type *type)
{
	char name[64];

	if (!qemu_option__value(object, "qom-type", true, name, sizeof(name)))
		return false;
	for (int i = 0; i < NR_TYPES; i++)
		if (!strcmp(name, type_names[i])) {
			*type = (enum type)i;
			return true;
		}
	return false;
}

/* "-numa node,nodeid=1,memdev=ram1"; without a number it is the next one. */
static int32_t node_of(const struct record_target *t, const char *id)
{
	char value[64];
	int32_t node = 0;

	for (size_t i = 0; i < t->nr_cmdline; i++) {
		const char *numa = qemu_option__argument(t, i, "numa");

		if (!numa || !qemu_option__value(numa, "type", true, value, sizeof(value)) ||
		    strcmp(value, "node"))
			continue;
		if (qemu_option__value(numa, "nodeid", false, value, sizeof(value)))
			node = (int32_t)strtol(value, NULL, 0);
		if (qemu_option__value(numa, "memdev", false, value, sizeof(value)) &&
		    !strcmp(value, id))
			return node;
		node++;
	}
	return -1;
}

static void take_backends(struct matching *m, const struct record_target *t)
{
	for (size_t i = 0; i < t->nr_cmdline && m->nr_backends < BACKENDS_MAX; i++) {
		struct backend *b = &m->backends[m->nr_backends];
		const char *object = qemu_option__argument(t, i, "object");
		int64_t bytes;
		char size[64];

		memset(b, 0, sizeof(*b));
		if (!object || !take_type(object, &b->type) ||
		    !qemu_option__value(object, "size", false, size, sizeof(size)) ||
		    !qemu_option__value(object, "id", false, b->id, sizeof(b->id)))
			continue;
		bytes = qemu_option__size(size, 1);
		if (bytes == RECORD_UNKNOWN)
			continue;
		b->bytes = (uint64_t)bytes;
		qemu_option__value(object, "mem-path", false, b->path, sizeof(b->path));
		b->node = node_of(t, b->id);
		m->nr_backends++;
	}
}

/* --- the mappings --- */

static int fd_of(const struct area *a, const struct ram_evidence *evidence)
{
	const struct ram_descriptor *fds = evidence->descriptors;
	int fd = -1;

	for (size_t i = 0; i < evidence->nr_descriptors; i++)
		if (fds[i].inode == a->inode && fds[i].dev == a->dev && (fd < 0 || fds[i].fd < fd))
			fd = fds[i].fd;
	return fd;
}

static bool take_area(const struct maps_line *line, struct area *a)
{
	*a = (struct area){
		.start = line->start,
		.end = line->end,
		.offset = line->offset,
		.inode = line->inode,
		.dev = line->major << 20 | line->minor,
		.shared = line->perms[3] == 's',
		.deleted = line->deleted,
	};
	snprintf(a->name, sizeof(a->name), "%.*s", (int)sizeof(a->name) - 1, line->path);
	return begins(line->perms, "rw-") || !strcmp(a->name, "[stack]");
}

static bool continues(const struct area *a, const struct area *next)
{
	return a->inode && next->inode == a->inode && next->dev == a->dev &&
	       next->shared == a->shared && next->start == a->end &&
	       next->offset == a->offset + (a->end - a->start);
}

static int take_areas(struct matching *m, const char *maps)
{
	size_t room = 0, first = 0;
	struct maps walk;
	struct area a;

	maps__open_text(&walk, maps, strlen(maps), &maps_budget);
	while (maps__next(&walk)) {
		if (!take_area(&walk.now, &a))
			continue;
		if (m->nr_areas && continues(&m->areas[m->nr_areas - 1], &a)) {
			m->areas[m->nr_areas - 1].end = a.end;
			continue;
		}
		if (m->nr_areas == room) {
			struct area *more;

			room = room ? room * 2 : 256;
			more = realloc(m->areas, room * sizeof(*more));
			if (!more)
				return -ENOMEM;
			m->areas = more;
		}
		a.fd = fd_of(&a, m->evidence);
		m->areas[m->nr_areas++] = a;
	}
	/* Where the stack has no limit the kernel maps upwards from a third of the address space.
	 */
	for (size_t i = 0; i < m->nr_areas; i++)
		if (!strcmp(m->areas[i].name, "[stack]"))
			first = i + 1;
	m->top_down = first > 1 && m->areas[first - 2].end > m->areas[first - 1].start / 4 * 3;
	return 0;
}

/* --- one to the other --- */

static void add_block(struct matching *m, struct area *a, const char *id, const struct backend *b)
{
	struct ram_block *more = realloc(m->out->v, (m->out->n + 1) * sizeof(*more));
	uint64_t bytes = b ? b->bytes : a->end - a->start;

	if (!more) {
		m->err = -ENOMEM;
		return;
	}
	m->out->v = more;
	more += m->out->n++;
	*more = (struct ram_block){.numa_node = -1,
				   .dev = a->dev,
				   .inode = a->inode,
				   .start = a->start,
				   .end = a->end,
				   .length_pages = (int64_t)bytes / sysconf(_SC_PAGESIZE)};
	snprintf(more->id, sizeof(more->id), "%s", id);
	if (b && !strcmp(id, b->id))
		more->numa_node = b->node;
	a->taken = true;
}

static void found(struct matching *m, struct area *a, struct backend *b)
{
	b->found = true;
	add_block(m, a, b->id, b);
}

static struct backend *find_backend(const struct matching *m, const char *id)
{
	for (size_t i = 0; i < m->nr_backends; i++)
		if (!strcmp(m->backends[i].id, id))
			return &m->backends[i];
	return NULL;
}

/* QEMU says where it is: nothing is left to be found out. Small ones are tables of firmware. */
static void match_by_address(struct matching *m)
{
	enum { MIN_BYTES = 1 << 20 };

	for (size_t i = 0; i < m->evidence->nr_told && !m->err; i++) {
		const struct ram_told *told = &m->evidence->told[i];
		struct backend *b = find_backend(m, told->id);

		if (!told->address || told->bytes < MIN_BYTES || (b && b->found))
			continue;
		for (size_t k = 0; k < m->nr_areas; k++) {
			struct area *a = &m->areas[k];
			struct backend plugged = {.bytes = told->bytes, .node = -1};

			if (a->taken || told->address < a->start || told->address >= a->end)
				continue;
			snprintf(plugged.id, sizeof(plugged.id), "%s", told->id);
			found(m, a, b ? b : &plugged);
			break;
		}
	}
}

/* The one backend of that length that QEMU has told of and that is not on its command line; NULL if
 * there are none or several. */
static const struct ram_told *find_plugged(const struct matching *m, uint64_t bytes)
{
	const struct ram_told *only = NULL;

	for (size_t i = 0; i < m->evidence->nr_told; i++) {
		const struct ram_told *told = &m->evidence->told[i];

		if (told->bytes != bytes || find_backend(m, told->id) || told->address)
			continue;
		if (only)
			return NULL;
		only = told;
	}
	return only;
}

/* Is the name of the area PREFIX ID SUFFIX…? */
static bool is_named(const struct area *a, const char *prefix, const char *id, const char *suffix)
{
	const char *at = strstr(a->name, prefix);

	return at && begins(at + strlen(prefix), id) &&
	       begins(at + strlen(prefix) + strlen(id), suffix);
}

static bool is_path(const struct area *a, const char *path)
{
	size_t len = strlen(path), name = strlen(a->name);

	if (!len || !a->inode)
		return false;
	/* Below another root, or relative: what follows the last "/" of the mapping's that fits. */
	return name >= len && !strncmp(a->name + name - len, path, len) &&
	       (name == len || path[0] == '/' || a->name[name - len - 1] == '/');
}

/* Is the area a memfd of that name, or of the name that QEMU gives an object's? */
static bool is_memfd(const struct area *a, const char *name)
{
	static const char prefix[] = "/memfd:", objects[] = "/objects/";
	const char *at = a->name + strlen(prefix);

	if (!a->deleted || !begins(a->name, prefix))
		return false;
	return !strcmp(at, name) || (begins(at, objects) && !strcmp(at + strlen(objects), name));
}

/* Does the area say by its name that it is this backend? */
static bool names_backend(const struct area *a, const struct backend *b)
{
	switch (b->type) {
	case TYPE_FILE:
		return is_path(a, b->path) || is_named(a, "/qemu_back_mem.", b->id, ".") ||
		       is_named(a, "/qemu_back_mem._objects_", b->id, ".");
	case TYPE_RAM:
		return a->shared && is_memfd(a, b->id);
	default:
		return false;
	}
}

static void match_by_name(struct matching *m)
{
	for (size_t i = 0; i < m->nr_backends; i++)
		for (size_t k = 0; k < m->nr_areas && !m->backends[i].found; k++)
			if (!m->areas[k].taken && names_backend(&m->areas[k], &m->backends[i]))
				found(m, &m->areas[k], &m->backends[i]);
}

/* Is the area of the sort that backends of the type have? */
static bool is_of_type(const struct area *a, enum type type)
{
	switch (type) {
	case TYPE_MEMFD:
		return is_memfd(a, "memory-backend-memfd");
	case TYPE_SHM:
		return begins(a->name, "/dev/shm/qemu-") && strstr(a->name, "-shm-");
	case TYPE_RAM:
		return a->shared ? begins(a->name, "/dev/zero") : !a->inode && !a->name[0];
	case TYPE_EPC:
		return begins(a->name, "/dev/sgx_vepc");
	default:
		return false;
	}
}

/* Areas of the type and length that are not taken, in the order of "areas". */
static size_t candidates(const struct matching *m, const struct backend *b, struct area **out)
{
	uint64_t slack[] = {0, b->type == TYPE_RAM || b->type == TYPE_MEMFD ? SLACK : 0};
	size_t n = 0;

	for (int try = 0; try < 2 && !n; try++)
		for (size_t i = 0; i < m->nr_areas; i++) {
			struct area *a = &m->areas[i];
			uint64_t length = a->end - a->start;

			if (!a->taken && is_of_type(a, b->type) && length >= b->bytes &&
			    length <= b->bytes + slack[try])
				out[n++] = a;
		}
	return n;
}

/* The number that QEMU gives each of its POSIX shared memory: "/dev/shm/qemu-PID-shm-3". */
static long shm_number(const struct area *a)
{
	const char *at = strstr(a->name, "-shm-");

	return at ? strtol(at + strlen("-shm-"), NULL, 10) : -1;
}

static int compare_shm(const void *a, const void *b)
{
	long x = shm_number(*(struct area *const *)a), y = shm_number(*(struct area *const *)b);

	return x < y ? -1 : x > y;
}

static int compare_downwards(const void *a, const void *b)
{
	uint64_t x = (*(struct area *const *)a)->start, y = (*(struct area *const *)b)->start;

	return x > y ? -1 : x < y;
}

/*
 * Sorts areas by their creation; false where that is not known. The kernel maps from the top down
 * and gives the lowest descriptor that is free: where both rise with each other, or where one is
 * right below the other, nothing was let go in between. (Inode numbers of memfds do not tell: each
 * CPU has a supply of its own.)
 */
static bool sort_by_creation(const struct matching *m, struct area **v, size_t n, enum type type)
{
	if (type == TYPE_SHM) {
		qsort(v, n, sizeof(*v), compare_shm);
		return true;
	}
	if (!m->top_down)
		return false;
	qsort(v, n, sizeof(*v), compare_downwards);
	for (size_t i = 1; i < n; i++) {
		bool by_fd = v[i - 1]->fd >= 0 && v[i]->fd > v[i - 1]->fd;
		bool adjacent = v[i - 1]->start - v[i]->end <= SLACK;

		if (v[i]->inode && v[i]->fd >= 0 ? !by_fd : !adjacent)
			return false;
	}
	return true;
}

static bool is_alike(const struct backend *a, const struct backend *b)
{
	return !a->found && a->type == b->type && a->bytes == b->bytes;
}

/* All backends like the one at "first", and the areas that they may be. */
static void match_alike(struct matching *m, size_t first, struct area **areas)
{
	const struct backend *b = &m->backends[first];
	size_t n = candidates(m, b, areas), alike = 0, k = 0;
	bool sorted;

	for (size_t i = first; i < m->nr_backends; i++)
		alike += is_alike(&m->backends[i], b);
	/* Of other anonymous memory of that length nothing tells backends. */
	sorted = n == 1 && alike == 1;
	if (!sorted && n >= alike && (n == alike || b->type != TYPE_RAM))
		sorted = sort_by_creation(m, areas, n, b->type);
	for (size_t i = first; sorted && i < m->nr_backends && k < n; i++)
		if (is_alike(&m->backends[i], b))
			found(m, areas[k++], &m->backends[i]);
	/* What is left of those that are known was plugged in later. */
	if (sorted || (b->type == TYPE_RAM && n > alike))
		return;
	for (; k < n; k++)
		add_block(m, areas[k], type_names[b->type], b);
}

/* An area that nothing names but its type: QEMU may have told what it plugged in. */
static void add_unnamed(struct matching *m, struct area *a, enum type type)
{
	uint64_t bytes = a->end - a->start;
	const struct ram_told *told = find_plugged(m, bytes);
	size_t alike = 0;

	for (size_t i = 0; i < m->nr_areas; i++)
		alike += is_of_type(&m->areas[i], type) &&
			 m->areas[i].end - m->areas[i].start == bytes &&
			 (!m->areas[i].taken || &m->areas[i] == a);
	add_block(m, a, told && alike == 1 ? told->id : type_names[type], NULL);
}

/* What the mapping alone says of memory that is on no command line: the name of a file that QEMU
 * made, and the length. */
static void add_plugged(struct matching *m)
{
	static const char made[] = "/qemu_back_mem.";

	for (size_t i = 0; i < m->nr_areas && !m->err; i++) {
		struct area *a = &m->areas[i];
		const char *at = strstr(a->name, made), *end;
		char id[64];

		if (a->taken)
			continue;
		if (is_of_type(a, TYPE_MEMFD)) {
			add_unnamed(m, a, TYPE_MEMFD);
		} else if (is_of_type(a, TYPE_SHM)) {
			add_unnamed(m, a, TYPE_SHM);
		} else if (at && (end = strrchr(at + 1, '.')) && end > at + strlen(made)) {
			at += strlen(made);
			at += begins(at, "_objects_") ? strlen("_objects_") : 0;
			if (at > end)
				continue;
			snprintf(id, sizeof(id), "%.*s", (int)(end - at), at);
			add_block(m, a, id, NULL);
		}
	}
}

int qemu_memory__match(struct ram_blocks *out, const struct record_target *t,
		       const struct ram_evidence *evidence)
{
	struct matching m = {.out = out, .evidence = evidence};
	struct area **areas = NULL;

	*out = (struct ram_blocks){0};
	m.backends = calloc(BACKENDS_MAX, sizeof(*m.backends));
	m.err = m.backends ? take_areas(&m, evidence->maps) : -ENOMEM;
	if (!m.err)
		areas = calloc(m.nr_areas + 1, sizeof(*areas));
	if (!areas) {
		m.err = -ENOMEM;
		goto out;
	}
	take_backends(&m, t);
	match_by_address(&m);
	match_by_name(&m);
	for (size_t i = 0; i < m.nr_backends && !m.err; i++)
		if (!m.backends[i].found)
			match_alike(&m, i, areas);
	add_plugged(&m);
out:
	free(areas);
	free(m.areas);
	free(m.backends);
	return m.err;
}

/* --- the process --- */

/* Descriptors of regular files; none where they may not be looked at. */
static struct ram_descriptor *read_descriptors(pid_t pid, size_t *n)
{
	struct ram_descriptor *v = NULL;
	struct dirent *entry;
	size_t room = 0;
	char path[64];
	DIR *fds;

	*n = 0;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	fds = opendir(path);
	while (fds && (entry = readdir(fds))) {
		struct stat st;

		if (fstatat(dirfd(fds), entry->d_name, &st, 0) || !S_ISREG(st.st_mode))
			continue;
		if (*n == room) {
			struct ram_descriptor *more;

			room = room ? room * 2 : 64;
			more = realloc(v, room * sizeof(*more));
			if (!more)
				break;
			v = more;
		}
		v[(*n)++] = (struct ram_descriptor){
			.dev = (uint32_t)(major(st.st_dev) << 20 | minor(st.st_dev)),
			.inode = st.st_ino,
			.fd = atoi(entry->d_name),
		};
	}
	if (fds)
		closedir(fds);
	return v;
}

int qemu_memory__read(struct ram_blocks *out, const struct record_target *t, pid_t pid,
		      const struct ram_told *told, size_t nr_told)
{
	struct ram_evidence evidence = {.told = told, .nr_told = nr_told};
	struct ram_descriptor *descriptors;
	struct ram_blocks found;
	size_t len;
	bool cut;
	char *maps = maps__read(pid, &maps_budget, &len, &cut);
	int err;

	if (!maps)
		return -errno;
	descriptors = read_descriptors(pid, &evidence.nr_descriptors);
	evidence.maps = maps;
	evidence.descriptors = descriptors;
	err = qemu_memory__match(&found, t, &evidence);
	free(descriptors);
	free(maps);
	if (err)
		ram_blocks__free(&found);
	else
		*out = found;
	return err;
}
