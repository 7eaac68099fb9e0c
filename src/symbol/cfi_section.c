// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Splits .eh_frame into its entries. The program headers tell where it lies, as they tell the
 * unwinder of a running program. Section headers are used only if the program headers say nothing,
 * and .debug_frame only if there is no .eh_frame.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>
#include <elfutils/libdw.h>

#include "array.h"
#include "symbol/arch.h"
#include "symbol/cfi_search.h"
#include "symbol/cfi_section.h"
#include "symbol/image.h"

enum {
	SECTION_MAX = 64 << 20, /* the largest browsers have a third of it */
	PADDING = 64, /* zeros behind the section: they end a LEB128 number that libdw reads beyond
			 the end */
};

static const unsigned char ident[EI_NIDENT] = {
	ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT,
};

void cfi_section__free(struct cfi_section *s)
{
	free(s->bytes);
	free(s->cie);
	free(s->fde);
	*s = (struct cfi_section){0};
}

/* Reads an address in one of the DW_EH_PE_* encodings. "at" is the address of the bytes that are
 * read. */
static uint64_t read_encoded(struct cfi_cursor *c, uint8_t encoding, uint64_t at)
{
	uint64_t value;

	switch (encoding & 15) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		value = cfi_cursor__fixed(c, 8);
		break;
	case DW_EH_PE_udata4:
		value = cfi_cursor__fixed(c, 4);
		break;
	case DW_EH_PE_sdata4:
		value = (uint64_t)(int64_t)(int32_t)cfi_cursor__fixed(c, 4);
		break;
	default:
		c->bad = true;
		return 0;
	}
	if ((encoding & ~15) == DW_EH_PE_pcrel)
		value += at;
	else if (encoding & ~15)
		c->bad = true;
	return value;
}

static int read_augmentation(struct cfi_cie *cie, const Dwarf_CIE *e)
{
	struct cfi_cursor c = {.at = e->augmentation_data};
	const char *letter = e->augmentation;

	cie->encoding = DW_EH_PE_absptr;
	if (!*letter)
		return 0;
	if (*letter++ != 'z')
		return -EBADMSG;
	cie->sized = true;
	c.end = c.at + e->augmentation_data_size;
	for (; *letter && !c.bad; letter++) {
		switch (*letter) {
		case 'R':
			cie->encoding = (uint8_t)cfi_cursor__fixed(&c, 1);
			break;
		case 'L':
			cfi_cursor__fixed(&c, 1);
			break;
		case 'P':
			/* Skip the address of the personality routine. */
			read_encoded(&c, (uint8_t)cfi_cursor__fixed(&c, 1) & 15, 0);
			break;
		case 'S':
			cie->common.signal = true;
			break;
		default:
			if (*letter != arch.augmentation)
				return -EBADMSG;
		}
	}
	return c.bad ? -EBADMSG : 0;
}

static int add_cie(struct cfi_section *s, const Dwarf_CIE *e, uint32_t offset)
{
	struct cfi_cie *cie = array__grow(s->cie, s->n_cie, sizeof(*cie));
	int err;

	if (!cie)
		return -ENOMEM;
	s->cie = cie;
	cie += s->n_cie++;
	*cie = (struct cfi_cie){.offset = offset};
	cie->common.code_align = e->code_alignment_factor;
	cie->common.data_align = e->data_alignment_factor;
	if (e->return_address_register != arch.reg_ra && !arch.ra_can_be_other)
		return -EBADMSG;
	err = read_augmentation(cie, e);
	err = err ? err
		  : cfi_program__initial(&cie->common, e->initial_instructions,
					 e->initial_instructions_end);
	if (e->return_address_register != arch.reg_ra)
		cie->common.initial.ra.how = CFI_ELSEWHERE;
	return err;
}

/* Finds the CIE at "offset". A CIE comes before its FDEs, so a pointer to a CIE that was not read
 * yet is damage. */
static const struct cfi_cie *find_cie(const struct cfi_section *s, uint64_t offset)
{
	size_t low = 0, high = s->n_cie;

	if (high && s->cie[high - 1].offset == offset)
		return &s->cie[high - 1];
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (s->cie[middle].offset == offset)
			return &s->cie[middle];
		if (s->cie[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static int add_fde(struct cfi_section *s, const Dwarf_FDE *e, uint32_t offset,
		   const struct image *image)
{
	struct cfi_fde *fde = array__grow(s->fde, s->n_fde, sizeof(*fde));
	const struct cfi_cie *cie = find_cie(s, e->CIE_pointer);
	struct cfi_cursor c = {.at = e->start, .end = e->end};
	uint64_t skip;

	if (!fde)
		return -ENOMEM;
	s->fde = fde;
	if (!cie)
		return -EBADMSG;
	fde += s->n_fde;
	fde->start = read_encoded(&c, cie->encoding, s->address + (uint64_t)(c.at - s->bytes));
	fde->end = fde->start + read_encoded(&c, cie->encoding & 15, 0);
	skip = cie->sized ? cfi_cursor__unsigned(&c) : 0;
	if (c.bad || skip > (uint64_t)(c.end - c.at))
		return -EBADMSG;
	/* Linkers keep the debug information of functions that they dropped, at address 0. */
	if (!s->eh && !fde->start)
		return 0;
	if (!image__executable(image, fde->start, fde->end))
		return -EBADMSG;
	fde->offset = offset;
	fde->program = (uint32_t)(c.at + skip - s->bytes);
	fde->limit = (uint32_t)(c.end - s->bytes);
	fde->cie = (uint32_t)(cie - s->cie);
	s->n_fde++;
	return 0;
}

/* The entries must end at the end of the section, or be followed by zeros up to it. */
static int check_end(const struct cfi_section *s, uint64_t offset)
{
	uint64_t to = s->open_ended && offset + 4 <= s->size ? offset + 4 : s->size;

	for (; offset < to; offset++)
		if (s->bytes[offset])
			return -EBADMSG;
	return 0;
}

/* Reads the entries up to the one at offset "last"; if "last" is UINT64_MAX, up to the end of the
 * section. */
static int read_entries(struct cfi_section *s, const struct image *image, uint64_t last)
{
	Elf_Data data = {.d_buf = s->bytes, .d_size = s->size, .d_type = ELF_T_BYTE};
	Dwarf_Off at = 0, next;
	Dwarf_CFI_Entry entry;
	int err = 0;

	while (!err && at <= last) {
		int got = dwarf_next_cfi(ident, &data, s->eh, at, &next, &entry);

		if (got > 0)
			return check_end(s, at);
		if (got < 0)
			return -EBADMSG;
		if (dwarf_cfi_cie_p(&entry))
			err = add_cie(s, &entry.cie, (uint32_t)at);
		else
			err = add_fde(s, &entry.fde, (uint32_t)at, image);
		at = next;
	}
	return err;
}

/* Copies .eh_frame, which begins at "address", up to "max" bytes of it. */
static int take_bytes(struct cfi_section *s, const struct image *image, uint64_t address,
		      uint64_t max)
{
	const GElf_Phdr *load = image__load_at(image, address);
	uint64_t skip = load ? address - load->p_vaddr : 0;

	if (!load)
		return -EBADMSG;
	if (max > load->p_filesz - skip)
		max = load->p_filesz - skip;
	s->address = address;
	s->eh = true;
	s->size = (uint32_t)(max < SECTION_MAX ? max : SECTION_MAX);
	s->bytes = calloc(1, s->size + PADDING);
	return s->bytes ? image__read(image, load->p_offset + skip, s->bytes, s->size) : -ENOMEM;
}

static int read_by_search(struct cfi_section *s, const struct image *image)
{
	struct cfi_search search;
	int err = cfi_search__read(&search, image);

	s->open_ended = true;
	err = err ? err : take_bytes(s, image, search.eh_frame, SECTION_MAX);
	err = err ? err : read_entries(s, image, cfi_search__last(&search));
	err = err ? err : cfi_search__order(&search, s);
	cfi_search__free(&search);
	return err;
}

static int read_eh_frame(struct cfi_section *s, const struct image *image)
{
	const GElf_Phdr *load;
	GElf_Shdr header;
	int err;

	if (image->eh_frame_hdr.p_type == PT_GNU_EH_FRAME)
		return read_by_search(s, image);
	if (!image__section(image, ".eh_frame", &header) || header.sh_type == SHT_NOBITS ||
	    !header.sh_size)
		return -ENOENT;
	load = image__load_at(image, header.sh_addr);
	if (!load || header.sh_offset - load->p_offset != header.sh_addr - load->p_vaddr)
		return -EBADMSG;
	err = take_bytes(s, image, header.sh_addr, header.sh_size);
	if (!err && s->size != header.sh_size)
		err = -EBADMSG;
	return err ? err : read_entries(s, image, UINT64_MAX);
}

static int read_debug_frame(struct cfi_section *s, const struct image *image)
{
	GElf_Shdr header;
	Elf_Scn *section = image__section(image, ".debug_frame", &header);
	Elf_Data *data;

	if (!section || header.sh_type == SHT_NOBITS)
		return -ENOENT;
	if (header.sh_flags & SHF_COMPRESSED && elf_compress(section, 0, 0) < 0)
		return -EBADMSG;
	data = elf_getdata(section, NULL);
	if (!data || !data->d_buf || data->d_size > SECTION_MAX)
		return -EBADMSG;
	s->size = (uint32_t)data->d_size;
	s->bytes = calloc(1, s->size + PADDING);
	if (!s->bytes)
		return -ENOMEM;
	memcpy(s->bytes, data->d_buf, s->size);
	return read_entries(s, image, UINT64_MAX);
}

static int by_start(const void *a, const void *b)
{
	const struct cfi_fde *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* Checks that functions do not overlap, and removes empty ones: they describe no PC. */
static int check_apart(struct cfi_section *s)
{
	uint64_t end = 0;
	size_t n = 0;

	for (size_t i = 0; i < s->n_fde; i++) {
		if (s->fde[i].start == s->fde[i].end)
			continue;
		if (s->fde[i].start < end)
			return -EBADMSG;
		end = s->fde[i].end;
		s->fde[n++] = s->fde[i];
	}
	s->n_fde = n;
	return n ? 0 : -ENOENT;
}

int cfi_section__read(struct cfi_section *s, const struct image *image)
{
	int err;

	*s = (struct cfi_section){0};
	err = read_eh_frame(s, image);
	if (err == -ENOENT || (!err && !s->n_fde)) {
		cfi_section__free(s);
		err = read_debug_frame(s, image);
	}
	if (err)
		return err;
	if (!s->ordered)
		qsort(s->fde, s->n_fde, sizeof(*s->fde), by_start);
	return check_apart(s);
}
