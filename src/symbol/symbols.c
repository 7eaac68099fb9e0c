// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds names of functions in the symbol tables of ELF files. Nothing in a file is trusted.
 */
#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "symbol/elf_file.h"
#include "symbol/symbols.h"

/* How many symbols below an address are looked at: small functions may lie inside the one that
 * contains the address. */
enum { STEPS_MAX = 256 };

/* Ranks symbols at the same address: "malloc" before "__libc_malloc", and exported names before
 * local labels. */
static uint8_t preference(const char *name, unsigned char binding)
{
	unsigned int underscores = (unsigned int)strspn(name, "_");
	unsigned int rank = binding == STB_GLOBAL ? 2 : binding == STB_WEAK ? 1 : 0;

	if (underscores > 15)
		underscores = 15;
	return (uint8_t)((binding != STB_LOCAL) << 7 | (15 - underscores) << 2 | rank);
}

static bool is_code_section(Elf *elf, unsigned int index)
{
	Elf_Scn *section = elf_getscn(elf, index);
	GElf_Shdr header;

	return section && gelf_getshdr(section, &header) && header.sh_flags & SHF_EXECINSTR;
}

static bool is_function(Elf *elf, const GElf_Sym *sym)
{
	switch (GELF_ST_TYPE(sym->st_info)) {
	case STT_FUNC:
	case STT_GNU_IFUNC:
		return sym->st_shndx != SHN_UNDEF;
	case STT_NOTYPE: /* functions written in assembly often have no type */
		return sym->st_shndx != SHN_UNDEF && sym->st_shndx < SHN_LORESERVE &&
		       is_code_section(elf, sym->st_shndx);
	}
	return false;
}

/* "$x" and "$d" mark where code and data begin, at every function of arm64. */
static bool is_mark(const char *name, const GElf_Sym *sym)
{
	return *name == '$' && GELF_ST_TYPE(sym->st_info) == STT_NOTYPE;
}

static Elf_Scn *find_table(Elf *elf, unsigned int type, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, header) && header->sh_type == type)
			return section;
	return NULL;
}

/* elf_strptr() reads the whole string section, whatever size it claims to have: check the size
 * first. */
static bool has_strings(Elf *elf, unsigned int index)
{
	Elf_Scn *section = elf_getscn(elf, index);
	GElf_Shdr header;

	return section && gelf_getshdr(section, &header) && elf_file__data(section, &header);
}

static int add(struct symbols *s, const struct symbol *symbol)
{
	struct symbol *more = array__grow(s->v, s->n, sizeof(*more));

	if (!more)
		return -ENOMEM;
	s->v = more;
	s->v[s->n++] = *symbol;
	return 0;
}

int symbols__add(struct symbols *s, Elf *elf, unsigned int table_type)
{
	Elf_Data *data = NULL;
	Elf_Scn *table;
	GElf_Shdr header;
	GElf_Sym sym;
	int err = 0;

	table = find_table(elf, table_type, &header);
	if (table && has_strings(elf, header.sh_link))
		data = elf_file__data(table, &header);
	for (int i = 0; data && !err && gelf_getsym(data, i, &sym); i++) {
		struct symbol symbol = {.start = sym.st_value, .size = sym.st_size};

		if (!sym.st_value || !is_function(elf, &sym))
			continue;
		symbol.name = elf_strptr(elf, header.sh_link, sym.st_name);
		if (!symbol.name || !*symbol.name || is_mark(symbol.name, &sym))
			continue;
		symbol.exported = table_type == SHT_DYNSYM;
		symbol.preference = preference(symbol.name, GELF_ST_BIND(sym.st_info));
		err = add(s, &symbol);
	}
	return err;
}

static int compare(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->start != y->start)
		return (x->start > y->start) - (x->start < y->start);
	if (x->preference != y->preference)
		return x->preference - y->preference;
	return -strcmp(x->name, y->name);
}

void symbols__sort(struct symbols *s)
{
	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), compare);
}

void symbols__free(struct symbols *s)
{
	free(s->v);
	memset(s, 0, sizeof(*s));
}

/*
 * True if "symbol" names "address". "below" is the frame description at or below the address. A
 * symbol of .dynsym holds only for its own frame description: its size is what the source said, and
 * what follows may be a function whose symbol was stripped. A symbol without a size reaches to the
 * end of its frame description, or to the next one.
 */
static bool holds(const struct symbol *symbol, const struct cfi_range *below, uint64_t address)
{
	bool in_fde = below && address < below->end;

	if (symbol->size && address - symbol->start >= symbol->size)
		return false;
	if (in_fde && (symbol->exported || !symbol->size))
		return symbol->start >= below->start;
	return symbol->size || !below || below->start < symbol->start;
}

const struct symbol *symbols__find(const struct symbols *s, const struct cfi_ranges *ranges,
				   uint64_t address)
{
	const struct cfi_range *below = cfi_ranges__at_or_below(ranges, address);
	size_t low = 0, high = s->n, nearest;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->v[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	nearest = low;
	for (; low && nearest - low < STEPS_MAX; low--) {
		const struct symbol *symbol = &s->v[low - 1];

		/* A symbol without a size ends where the next symbol starts. */
		if (!symbol->size && symbol->start != s->v[nearest - 1].start)
			continue;
		if (holds(symbol, below, address))
			return symbol;
	}
	return NULL;
}
