/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ELF image of this architecture, in a file or in memory, as a loader sees it: by its segments.
 * No offset and no size in it can be trusted. Knows nothing of what a caller looks for in it.
 */
#ifndef MIGPOP_SYMBOL_IMAGE_H
#define MIGPOP_SYMBOL_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gelf.h>

struct image {
	Elf *elf;
	int fd; /* the file; -1 if the image is in memory */
	/* the image in memory, which the caller keeps; NULL if it is in a file */
	const void *memory;
	uint64_t size; /* bytes in the file or in memory */
	/* the PT_LOAD segments: ascending, without overlaps, all inside the file */
	GElf_Phdr *load;
	size_t n;
	GElf_Phdr eh_frame_hdr; /* its p_type is PT_NULL if the image has none */
};

/* Open an image. "fd" and "memory" stay the caller's and must outlive the image; the file position
 * does not move. Return 0; -ENOEXEC: no program or library for this architecture; -EBADMSG:
 * damaged; or another negative errno. After an error there is nothing to close. */
int image__open(struct image *i, int fd);
int image__open_memory(struct image *i, const void *memory, size_t size);
void image__close(struct image *i);

/* Reads exactly "len" bytes at a file offset. Returns 0, -EBADMSG if the image ends before, or
 * another negative errno. */
int image__read(const struct image *i, uint64_t offset, void *buffer, size_t len);

/* Finds the text that begins with "begins" in segments that are neither executable nor writable,
 * and returns it up to its NUL or newline, at most 256 bytes. Free the result; NULL if there is no
 * such text, or if the image cannot be read. */
char *image__text(const struct image *i, const char *begins);

/* The segment that loads the byte at "address" from the file; NULL if there is none. */
const GElf_Phdr *image__load_at(const struct image *i, uint64_t address);

/* True if all of [start, end) lies in one executable segment. */
bool image__executable(const struct image *i, uint64_t start, uint64_t end);

/* The first section with this name; NULL if there is none, or if the section headers cannot be
 * read. */
Elf_Scn *image__section(const struct image *i, const char *name, GElf_Shdr *header);

#endif
