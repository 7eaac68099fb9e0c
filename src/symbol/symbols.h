/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds names of functions in the symbol tables of ELF files. Knows nothing of processes.
 */
#ifndef MIGPOP_SYMBOL_SYMBOLS_H
#define MIGPOP_SYMBOL_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libelf.h>

#include "symbol/cfi.h"

struct symbol {
	uint64_t start, size; /* ELF virtual address, and bytes; 0 bytes: the size is not known */
	const char *name;   /* belongs to the Elf it was read from; "@" and a version may follow the
			       name */
	bool exported;      /* from .dynsym, which does not list all functions */
	uint8_t preference; /* among symbols with the same start, the highest wins */
};

struct symbols {
	struct symbol *v; /* after symbols__sort(): by start, then by preference */
	size_t n;
};

/* Adds the functions of the first table of this type (SHT_SYMTAB or SHT_DYNSYM), if there is one.
 * The Elf must outlive the symbols. Returns 0 or -ENOMEM. */
int symbols__add(struct symbols *s, Elf *elf, unsigned int table_type);
void symbols__sort(struct symbols *s);
void symbols__free(struct symbols *s);

/* The function that contains "address", given the ranges of the frame descriptions; NULL if none is
 * known. */
const struct symbol *symbols__find(const struct symbols *s, const struct cfi_ranges *ranges,
				   uint64_t address);

#endif
