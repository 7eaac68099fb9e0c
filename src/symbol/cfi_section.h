/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame descriptions of an ELF image, in order of address and checked against each other and
 * against the linker's table of them. Knows nothing of rows.
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
	uint8_t encoding; /* of addresses: DW_EH_PE_* */
	bool sized;       /* its FDEs have augmentation data */
	struct cfi_common common;
};

struct cfi_fde {
	uint64_t start, end; /* of the function: ELF virtual addresses */
	uint32_t offset;     /* in the section, as are: */
	uint32_t program, limit;
	uint32_t cie; /* index */
};

struct cfi_section {
	uint8_t *bytes;
	uint32_t size;
	uint64_t address; /* ELF virtual address of bytes[0] */
	bool eh;          /* .eh_frame, not .debug_frame */
	bool open_ended; /* "size" reaches to the end of its segment: there may be more behind it */
	bool ordered;    /* the FDEs are ascending */
	struct cfi_cie *cie;
	struct cfi_fde *fde;
	size_t n_cie, n_fde, size_cie, size_fde;
};

/* Errors are those of cfi.h; to be freed in every case. */
int cfi_section__read(struct cfi_section *s, const struct image *image);
void cfi_section__free(struct cfi_section *s);

#endif
