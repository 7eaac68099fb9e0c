/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame descriptions of an ELF image, in order of address, checked against each other and
 * against the linker's table. Knows nothing of rows.
 */
#ifndef MIGPOP_SYMBOL_CFI_SECTION_H
#define MIGPOP_SYMBOL_CFI_SECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/cfi_program.h"

struct image;

struct cfi_cie {
	uint32_t offset;
	uint8_t encoding; /* how its FDEs encode addresses: DW_EH_PE_* */
	bool sized;       /* its FDEs have augmentation data, after its size */
	struct cfi_common common;
};

struct cfi_fde {
	uint64_t start, end; /* the function: ELF virtual addresses */
	uint32_t offset;     /* offset of this FDE in the section; the next two are offsets too */
	uint32_t program, limit;
	uint32_t cie; /* index in cfi_section.cie */
};

struct cfi_section {
	uint8_t *bytes;
	uint32_t size;
	uint64_t address; /* ELF virtual address of bytes[0] */
	bool eh;          /* true: .eh_frame; false: .debug_frame */
	bool open_ended;  /* "size" reaches to the end of the segment, so other data may follow the
			     section */
	bool ordered;     /* the FDEs are in ascending order */
	struct cfi_cie *cie;
	struct cfi_fde *fde;
	size_t n_cie, n_fde;
};

/* Reads the section of an image. Returns 0 or an error of cfi.h. Free *s in every case. */
int cfi_section__read(struct cfi_section *s, const struct image *image);
void cfi_section__free(struct cfi_section *s);

#endif
