/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that all readers of ELF files share: finding its code and its sections. Every file may be damaged, and somebody else may write it meanwhile.
 */
#ifndef MIGPOP_SYMBOL_ELF_FILE_H
#define MIGPOP_SYMBOL_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gelf.h>

/* Begins to read an ELF file, piece by piece and not by mapping it: if a mapped file were cut
 * short, reading the mapping would kill us. Returns NULL if the file is no ELF file. The descriptor
 * stays the caller's, and must outlive the Elf. */
Elf *elf_file__begin(int fd);

/* Finds the segment that maps the page at "offset" in the file, an executable one if there is one.
 * Returns false if there is none. */
bool elf_file__segment(Elf *elf, uint64_t offset, GElf_Phdr *out);

/* Where the page of the lowest segment begins, an ELF virtual address; 0 without segments. */
uint64_t elf_file__base(Elf *elf);

/* True if the file has a section of this name, with content. */
bool elf_file__has_section(Elf *elf, const char *name);

/* The content of a section; NULL if the section has none in this file, or is impossibly large. */
Elf_Data *elf_file__data(Elf_Scn *section, const GElf_Shdr *header);

/* The build-id in lower-case hex, for the caller to free; NULL if the file has none. */
char *elf_file__build_id(Elf *elf);

/* Where the DWARF goes on, if dwz has moved a part of it into a file that several share: the
 * build-id of that file, in lower-case hex, for the caller to free, and in *name its name, which
 * belongs to "elf". NULL if all DWARF is here. */
char *elf_file__alt_link(Elf *elf, const char **name);

#endif
