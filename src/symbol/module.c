// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ELF files that processes have mapped. Nothing in a file is trusted: if a file cannot be read,
 * its code has no names.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array.h"
#include "record.h"
#include "symbol/debug_file.h"
#include "symbol/elf_file.h"
#include "symbol/module.h"
#include "symbol/cfi.h"
#include "symbol/code.h"
#include "symbol/image.h"
#include "symbol/source.h"
#include "symbol/symbols.h"

/* Most files kept open: half of what a process is commonly allowed. A QEMU maps about 50 files, and
 * containers made from the same image share modules by build-id. */
enum { OPEN_MAX_FILES = 512 };

/* The frames found at one address, kept so that they are looked up only once. */
struct place {
	uint64_t address;
	struct record_frames frames; /* n is 0: the entry is free */
};

struct module {
	struct modules *owner;
	struct stat st; /* the file's status: device, inode, size and time identify it */
	char *build_id, *path;
	pid_t pid;
	int fd, debug_fd; /* -1: not open */
	void *image;      /* a copy of an image in memory, in place of a file */
	size_t image_size;
	bool is_read;
	bool marked; /* a process still maps it: see modules__drop_unmarked() */
	bool text_sought;
	char *text; /* see module__text() */
	Elf *elf, *debug_elf;
	uint64_t base;
	struct cfi_ranges ranges;
	struct code *code; /* NULL if it cannot be read */
	struct symbols symbols;
	struct source *source;
	struct place *places; /* a hash table with open addressing; its size is a power of two */
	size_t nr_places, places_room;
};

struct modules {
	struct debug_finder *finder;
	struct module **v;
	size_t n, nr_open;
};

struct modules *modules__new(struct debug_finder *finder)
{
	struct modules *ms = calloc(1, sizeof(*ms));

	if (ms)
		ms->finder = finder;
	return ms;
}

static void close_file(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void module__free(struct module *m)
{
	for (size_t i = 0; i < m->places_room; i++)
		record_frames__clear(&m->places[i].frames);
	free(m->places);
	source__close(m->source);
	symbols__free(&m->symbols);
	cfi__free_ranges(&m->ranges);
	code__close(m->code);
	elf_end(m->debug_elf);
	elf_end(m->elf);
	close_file(m->debug_fd);
	close_file(m->fd);
	free(m->image);
	free(m->build_id);
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
		if (ms->v[i]->marked) {
			ms->v[n++] = ms->v[i];
			continue;
		}
		ms->nr_open -= ms->v[i]->fd >= 0;
		module__free(ms->v[i]);
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
	m->fd = m->debug_fd = -1;
	return ms->v[ms->n++] = m;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Finds the module of the same file, or of a copy of it: each container made from an image shows
 * the file on a device of its own. */
static struct module *find_file(const struct modules *ms, const struct stat *st,
				const char *build_id)
{
	for (size_t i = 0; i < ms->n; i++) {
		struct module *m = ms->v[i];

		if (m->image || m->st.st_size != st->st_size)
			continue;
		if (build_id && m->build_id ? !strcmp(m->build_id, build_id)
					    : same_file(&m->st, st))
			return m;
	}
	return NULL;
}

struct module *modules__of_file(struct modules *ms, int fd, const char *path, pid_t pid)
{
	struct stat st = {0};
	Elf *elf = elf_file__begin(fd);
	char *build_id = elf ? elf_file__build_id(elf) : NULL;
	struct module *m = fstat(fd, &st) ? NULL : find_file(ms, &st, build_id);

	elf_end(elf);
	if (m || !(m = add(ms))) {
		free(build_id);
		close(fd);
		return m;
	}
	m->st = st;
	m->build_id = build_id;
	m->pid = pid;
	m->path = strdup(path);
	if (ms->nr_open < OPEN_MAX_FILES) {
		m->fd = fd;
		ms->nr_open++;
	} else {
		close(fd);
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
	elf_version(EV_CURRENT);
	m->elf = elf_memory(m->image, size);
	m->build_id = m->elf ? elf_file__build_id(m->elf) : NULL;
	return m;
}

const char *module__build_id(const struct module *m)
{
	return m->build_id;
}

const char *module__text(struct module *m, const char *begins)
{
	struct image image;

	if (m->text_sought || m->fd < 0 || image__open(&image, m->fd))
		return m->text;
	m->text_sought = true;
	m->text = image__text(&image, begins);
	image__close(&image);
	return m->text;
}

/* Reads the symbols, and opens the DWARF: of the file itself, or of its separate debug file if the
 * file itself lacks one of the two. */
static int read_names(struct module *m)
{
	bool has_symbols = elf_file__has_section(m->elf, ".symtab");
	bool has_dwarf = elf_file__has_section(m->elf, ".debug_info");
	int err = symbols__add(&m->symbols, m->elf, SHT_SYMTAB);

	if (!err)
		err = symbols__add(&m->symbols, m->elf, SHT_DYNSYM);
	if (m->fd >= 0 && m->path && m->owner->finder && !(has_symbols && has_dwarf))
		m->debug_fd = debug_finder__open(m->owner->finder, m->elf, m->build_id, m->path,
						 m->pid);
	if (m->debug_fd >= 0)
		m->debug_elf = elf_file__begin(m->debug_fd);
	if (!err && m->debug_elf)
		err = symbols__add(&m->symbols, m->debug_elf, SHT_SYMTAB);
	symbols__sort(&m->symbols);
	if (has_dwarf && m->fd >= 0)
		m->source = source__open(m->fd);
	else if (m->debug_elf)
		m->source = source__open(m->debug_fd);
	return err;
}

static int module__read(struct module *m)
{
	int err;

	if (m->is_read)
		return 0;
	m->is_read = true;
	if (m->fd >= 0)
		m->elf = elf_file__begin(m->fd);
	if (!m->elf)
		return 0;
	m->base = elf_file__base(m->elf);
	/* A damaged file has no ranges: then symbols alone give names. */
	err = m->image ? cfi__read_ranges_image(m->image, m->image_size, &m->ranges)
		       : cfi__read_ranges(m->fd, &m->ranges);
	if (m->image ? code__open_image(&m->code, m->image, m->image_size)
		     : code__open(&m->code, m->fd))
		m->code = NULL;
	return err == -ENOMEM ? err : read_names(m);
}

/* Names the function at "address", in the outermost frame at that address. */
static int name_function(const struct module *m, uint64_t address, struct record_frame *f)
{
	const struct symbol *symbol = symbols__find(&m->symbols, &m->ranges, address);
	const struct cfi_range *range = cfi_ranges__find(&m->ranges, address);

	if (symbol) {
		free(f->function);
		f->symbol = strndup(symbol->name, strcspn(symbol->name, "@"));
		f->function = f->symbol ? strdup(f->symbol) : NULL;
		return f->function ? 0 : -ENOMEM;
	}
	if (f->function || !range)
		return 0;
	if (asprintf(&f->function, "fn+0x%" PRIx64, range->start - m->base) >= 0)
		return 0;
	f->function = NULL;
	return -ENOMEM;
}

static int find_place(struct module *m, uint64_t address, struct record_frames *frames)
{
	int err = m->source ? source__find(m->source, address, frames) : 0;

	if (!err && !frames->n && !record_frames__add(frames))
		err = -ENOMEM;
	return err ? err : name_function(m, address, &frames->v[frames->n - 1]);
}

/* The entry of "address", or the free entry where "address" belongs. */
static struct place *place_of(struct place *places, size_t room, uint64_t address)
{
	size_t at = (address * 0x9e3779b97f4a7c15) >> 32 & (room - 1);

	while (places[at].frames.n && places[at].address != address)
		at = (at + 1) & (room - 1);
	return &places[at];
}

static bool make_room(struct module *m)
{
	size_t room = m->places_room ? 2 * m->places_room : 64;
	struct place *more;

	if (m->places_room && m->nr_places < m->places_room / 2)
		return true;
	more = calloc(room, sizeof(*more));
	if (!more)
		return false;
	for (size_t i = 0; i < m->places_room; i++)
		if (m->places[i].frames.n)
			*place_of(more, room, m->places[i].address) = m->places[i];
	free(m->places);
	m->places = more;
	m->places_room = room;
	return true;
}

/* The ELF virtual address of the byte at "file_offset". */
static uint64_t address_of(const struct module *m, uint64_t file_offset)
{
	GElf_Phdr segment;

	/* The vDSO is mapped as it lies in its image, which has one segment. */
	if (m->elf && elf_file__segment(m->elf, file_offset, &segment))
		return file_offset - segment.p_offset + segment.p_vaddr;
	return file_offset;
}

static bool begins_function(const struct module *m, uint64_t address)
{
	const struct cfi_range *range = cfi_ranges__find(&m->ranges, address);

	return range && range->start == address && !cfi_ranges__find(&m->ranges, address - 1);
}

bool module__begins_function(struct module *m, uint64_t file_offset)
{
	return !module__read(m) && begins_function(m, address_of(m, file_offset));
}

bool module__can_return_to(struct module *m, uint64_t file_offset)
{
	uint64_t address;

	if (module__read(m))
		return true;
	address = address_of(m, file_offset);
	return begins_function(m, address) || !m->code ||
	       code__is_after_call(m->code, address) == 1;
}

const struct record_frames *module__find(struct module *m, uint64_t file_offset, uint64_t *offset)
{
	struct place *place;
	uint64_t address;

	if (module__read(m) || !make_room(m))
		return NULL;
	address = address_of(m, file_offset);
	*offset = address - m->base;
	place = place_of(m->places, m->places_room, address);
	if (place->frames.n)
		return &place->frames;
	place->address = address;
	if (find_place(m, address, &place->frames)) {
		record_frames__clear(&place->frames);
		memset(&place->frames, 0, sizeof(place->frames));
		return NULL;
	}
	m->nr_places++;
	return &place->frames;
}
