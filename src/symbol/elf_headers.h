/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the headers of an ELF image say of its code, before its call frame information is read.
 */
#ifndef MIGPOP_SYMBOL_ELF_HEADERS_H
#define MIGPOP_SYMBOL_ELF_HEADERS_H

#include <stddef.h>
#include <stdint.h>

enum { ELF_HEADERS_LOADS_MAX = 8 };

struct elf_headers {
	char *build_id; /* lower-case hex; NULL if the image has none */
	struct {
		uint64_t offset, vaddr, size;
	} loads[ELF_HEADERS_LOADS_MAX]; /* segments that can be executed */
	size_t nr_loads;
	size_t size_hint; /* about how many rows of call frame information there are */
};

/* Reads the headers of a file, whose position does not move, or of an image in memory. Returns 0;
 * -ENOEXEC if it is no ELF image; or why the file cannot be read. Clear *h in every case. */
int elf_headers__read(struct elf_headers *h, int fd);
int elf_headers__read_image(struct elf_headers *h, const void *image, size_t size);
void elf_headers__clear(struct elf_headers *h);

#endif
