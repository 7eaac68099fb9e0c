/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ELF image of this architecture, in a file or in memory, as a loader sees it: segments first.
 * Every offset and size in it may be a lie. Knows nothing of what is looked for in it.
 */
#ifndef MIGPOP_SYMBOL_IMAGE_H
#define MIGPOP_SYMBOL_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gelf.h>

struct image {
	Elf *elf;
	int fd;             /* or, in memory, */
	const void *memory; /* what the caller keeps */
	uint64_t size;      /* bytes that there are */
	GElf_Phdr *load;    /* PT_LOADs, ascending, apart and within the file */
	size_t n;
	GElf_Phdr eh_frame_hdr; /* p_type PT_NULL without one */
};

/* "fd" and "memory" stay the caller's and must outlive the image; the file position is not moved.
 * 0, -ENOEXEC (no program or library for this architecture), -EBADMSG (damaged) or another negative
 * errno, with nothing to be closed. */
int image__open(struct image *i, int fd);
int image__open_memory(struct image *i, const void *memory, size_t size);
void image__close(struct image *i);

/* Exactly "len" bytes at a file offset: 0, -EBADMSG where the image ends before, or -errno. */
int image__read(const struct image *i, uint64_t offset, void *buffer, size_t len);

/* The text that begins with "begins" in what is loaded neither to be executed nor to be written, up
 * to its NUL or line end, of some hundred bytes at most. To be freed; NULL if there is none, or it
 * cannot be read. */
char *image__text(const struct image *i, const char *begins);

/* The segment that loads the byte at "address" from the file; NULL if none. */
const GElf_Phdr *image__load_at(const struct image *i, uint64_t address);

/* Is all of [start, end) in one executable segment? */
bool image__executable(const struct image *i, uint64_t start, uint64_t end);

/* The first section of that name; NULL without one, or where the section headers cannot be read. */
Elf_Scn *image__section(const struct image *i, const char *name, GElf_Shdr *header);

#endif
