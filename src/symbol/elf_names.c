// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The names of ELF images. Nothing in a file is trusted: if a file cannot be read, its code has no
 * names.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>
#include <zlib.h>

#include "record.h"
#include "symbol/cfi.h"
#include "symbol/code.h"
#include "symbol/elf_file.h"
#include "symbol/elf_names.h"
#include "symbol/image.h"
#include "symbol/source.h"
#include "symbol/symbols.h"

struct elf_names {
	char *build_id;
	int fd, debug_fd, alt_fd; /* -1: not open */
	void *image;              /* a copy of an image in memory, in place of a file */
	size_t image_size;
	bool is_read;
	Elf *elf, *debug_elf;
	uint64_t base;
	struct cfi_ranges ranges;
	struct code *code; /* NULL if it cannot be read */
	struct symbols symbols;
	struct source *source;
};

static struct elf_names *elf_names__new(void)
{
	struct elf_names *n = calloc(1, sizeof(*n));

	if (n)
		n->fd = n->debug_fd = n->alt_fd = -1;
	return n;
}

struct elf_names *elf_names__open(int fd)
{
	struct elf_names *n = elf_names__new();

	if (!n)
		return NULL;
	n->fd = fd;
	n->elf = elf_file__begin(fd);
	n->build_id = n->elf ? elf_file__build_id(n->elf) : NULL;
	return n;
}

struct elf_names *elf_names__open_image(const void *image, size_t size)
{
	struct elf_names *n = elf_names__new();

	if (!n)
		return NULL;
	n->image = malloc(size + 1);
	if (!n->image) {
		elf_names__close(n);
		return NULL;
	}
	memcpy(n->image, image, size);
	n->image_size = size;
	elf_version(EV_CURRENT);
	n->elf = elf_memory(n->image, size);
	n->build_id = n->elf ? elf_file__build_id(n->elf) : NULL;
	return n;
}

static void close_file(int fd)
{
	if (fd >= 0)
		close(fd);
}

void elf_names__close(struct elf_names *n)
{
	if (!n)
		return;
	source__close(n->source);
	symbols__free(&n->symbols);
	cfi__free_ranges(&n->ranges);
	code__close(n->code);
	elf_end(n->debug_elf);
	elf_end(n->elf);
	close_file(n->alt_fd);
	close_file(n->debug_fd);
	close_file(n->fd);
	free(n->image);
	free(n->build_id);
	free(n);
}

const char *elf_names__build_id(const struct elf_names *n)
{
	return n->build_id;
}

bool elf_names__lacks_debug(const struct elf_names *n)
{
	return n->fd >= 0 && n->elf &&
	       !(elf_file__has_section(n->elf, ".symtab") &&
		 elf_file__has_section(n->elf, ".debug_info"));
}

const char *elf_names__debug_link(const struct elf_names *n)
{
	GElf_Word crc;

	return n->elf ? dwelf_elf_gnu_debuglink(n->elf, &crc) : NULL;
}

/* The CRC-32 of the whole debug file, as .gnu_debuglink has it. */
static uint32_t crc_of(int fd)
{
	unsigned char buf[16384];
	uLong crc = crc32(0, NULL, 0);
	ssize_t got;

	for (off_t at = 0; (got = pread(fd, buf, sizeof(buf), at)) > 0; at += got)
		crc = crc32(crc, buf, (uInt)got);
	return (uint32_t)crc;
}

static bool is_of_same_build(const struct elf_names *n, Elf *debug, int fd, bool by_link)
{
	char *id = elf_file__build_id(debug);
	GElf_Word crc;
	bool same;

	if (id && n->build_id)
		same = !strcmp(id, n->build_id);
	else
		same = by_link && dwelf_elf_gnu_debuglink(n->elf, &crc) && crc_of(fd) == crc;
	free(id);
	return same;
}

int elf_names__add_debug(struct elf_names *n, int fd, bool by_link)
{
	Elf *elf;

	if (!n->elf || n->debug_elf || n->is_read)
		return -ENOENT;
	elf = elf_file__begin(fd);
	if (!elf || !is_of_same_build(n, elf, fd, by_link)) {
		elf_end(elf);
		return -ENOENT;
	}
	n->debug_elf = elf;
	n->debug_fd = fd;
	return 0;
}

/* The file that has the DWARF; -1: none. */
static int dwarf_fd(const struct elf_names *n)
{
	if (n->fd >= 0 && n->elf && elf_file__has_section(n->elf, ".debug_info"))
		return n->fd;
	return n->debug_elf ? n->debug_fd : -1;
}

char *elf_names__alt_link(const struct elf_names *n, const char **name)
{
	int fd = dwarf_fd(n);

	return fd < 0 ? NULL : elf_file__alt_link(fd == n->fd ? n->elf : n->debug_elf, name);
}

int elf_names__add_alt(struct elf_names *n, int fd)
{
	const char *name;
	char *wanted = elf_names__alt_link(n, &name);
	Elf *elf = wanted ? elf_file__begin(fd) : NULL;
	char *id = elf ? elf_file__build_id(elf) : NULL;
	int err = id && !strcmp(id, wanted) && n->alt_fd < 0 && !n->is_read ? 0 : -ENOENT;

	if (!err)
		n->alt_fd = fd;
	free(id);
	elf_end(elf);
	free(wanted);
	return err;
}

char *elf_names__text(const struct elf_names *n, const char *begins)
{
	struct image image;
	char *text;

	if (n->fd < 0 || image__open(&image, n->fd))
		return NULL;
	text = image__text(&image, begins);
	image__close(&image);
	return text;
}

/* Reads the symbols, and opens the DWARF. */
static int read_names(struct elf_names *n)
{
	int err = symbols__add(&n->symbols, n->elf, SHT_SYMTAB);

	if (!err)
		err = symbols__add(&n->symbols, n->elf, SHT_DYNSYM);
	if (!err && n->debug_elf)
		err = symbols__add(&n->symbols, n->debug_elf, SHT_SYMTAB);
	symbols__sort(&n->symbols);
	if (dwarf_fd(n) >= 0)
		n->source = source__open(dwarf_fd(n), n->alt_fd);
	return err;
}

static int read_all(struct elf_names *n)
{
	int err;

	if (n->is_read)
		return 0;
	n->is_read = true;
	if (!n->elf)
		return 0;
	n->base = elf_file__base(n->elf);
	/* A damaged file has no ranges: then symbols alone give names. */
	err = n->image ? cfi__read_ranges_image(n->image, n->image_size, &n->ranges)
		       : cfi__read_ranges(n->fd, &n->ranges);
	if (n->image ? code__open_image(&n->code, n->image, n->image_size)
		     : code__open(&n->code, n->fd))
		n->code = NULL;
	return err == -ENOMEM ? err : read_names(n);
}

/* The ELF virtual address of the byte at "file_offset". */
static uint64_t address_of(const struct elf_names *n, uint64_t file_offset)
{
	GElf_Phdr segment;

	/* The vDSO is mapped as it lies in its image, which has one segment. */
	if (n->elf && elf_file__segment(n->elf, file_offset, &segment))
		return file_offset - segment.p_offset + segment.p_vaddr;
	return file_offset;
}

/* Names the function at "address", in the outermost frame at that address. */
static int name_function(const struct elf_names *n, uint64_t address, struct record_frame *f)
{
	const struct symbol *symbol = symbols__find(&n->symbols, &n->ranges, address);
	const struct cfi_range *range = cfi_ranges__find(&n->ranges, address);

	if (symbol) {
		free(f->function);
		f->symbol = strndup(symbol->name, strcspn(symbol->name, "@"));
		f->function = f->symbol ? strdup(f->symbol) : NULL;
		return f->function ? 0 : -ENOMEM;
	}
	if (f->function || !range)
		return 0;
	if (asprintf(&f->function, "fn+0x%" PRIx64, range->start - n->base) >= 0)
		return 0;
	f->function = NULL;
	return -ENOMEM;
}

static bool begins_function(const struct elf_names *n, uint64_t address)
{
	const struct cfi_range *range = cfi_ranges__find(&n->ranges, address);

	return range && range->start == address && !cfi_ranges__find(&n->ranges, address - 1);
}

int elf_names__find(struct elf_names *n, uint64_t file_offset, struct elf_place *place,
		    struct record_frames *frames)
{
	uint64_t address, after;
	int err = read_all(n);

	if (err)
		return err;
	address = address_of(n, file_offset);
	after = address_of(n, file_offset + 1);
	place->offset = address - n->base;
	place->begins_function = begins_function(n, after);
	place->can_return = place->begins_function || !n->code ||
			    code__is_after_call(n->code, after) == 1;
	if (n->source)
		err = source__find(n->source, address, frames);
	if (!err && !frames->n && !record_frames__add(frames))
		err = -ENOMEM;
	return err ? err : name_function(n, address, &frames->v[frames->n - 1]);
}
