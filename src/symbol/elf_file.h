/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the readers of ELF files share: opening one without side effects, its code, its sections.
 * Every file may be damaged, and be another's to write.
 */
#ifndef MIGPOP_SYMBOL_ELF_FILE_H
#define MIGPOP_SYMBOL_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gelf.h>

/* A regular file for reading; anything else is not even opened, since that can have effects. Where
 * "root" is not NULL, "path" is one in it, symbolic links included. A descriptor, or a negative
 * errno. */
int elf_file__open(const char *root, const char *path);

/* Reads an ELF file piece by piece, not by mapping it: one that is cut short meanwhile would kill
 * us. NULL if it is none. The descriptor stays the caller's, and must outlive it. */
Elf *elf_file__begin(int fd);

/* The executable segment (any, if there is none) that maps the page of "offset" in the file. */
bool elf_file__segment(Elf *elf, uint64_t offset, GElf_Phdr *out);

/* Start of the page of the lowest segment; 0 without segments. */
uint64_t elf_file__base(Elf *elf);

/* Has it a section of that name, with content? */
bool elf_file__has_section(Elf *elf, const char *name);

/* Content of a section; NULL if it has none in this file or it is too large to be true. */
Elf_Data *elf_file__data(Elf_Scn *section, const GElf_Shdr *header);

/* Lower-case hex of the build-id, to be freed; NULL if it has none. */
char *elf_file__build_id(Elf *elf);

#endif
