/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of functions by the symbol tables of ELF files. Knows nothing of processes.
 */
#ifndef MIGPOP_SYMBOL_SYMBOLS_H
#define MIGPOP_SYMBOL_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libelf.h>

#include "symbol/cfi.h"

struct symbol {
	uint64_t start, size; /* addresses of the ELF file; a size may be 0: not known */
	const char *name;     /* in the ELF file that it was read from; a version may follow at @ */
	bool exported;        /* from .dynsym, which has not all functions */
	uint8_t preference;   /* among those of one start: the highest */
};

struct symbols {
	struct symbol *v; /* by start, then preference, once sorted */
	size_t n, room;
};

/* Adds the functions of the first table of that type (SHT_SYMTAB, SHT_DYNSYM), if there is one. The
 * Elf must outlive them. 0, or -ENOMEM. */
int symbols__add(struct symbols *s, Elf *elf, unsigned int table_type);
void symbols__sort(struct symbols *s);
void symbols__free(struct symbols *s);

/* The function that "address" is in, given the ranges of FDEs; NULL where none can be told. */
const struct symbol *symbols__find(const struct symbols *s, const struct cfi_ranges *ranges,
				   uint64_t address);

#endif
