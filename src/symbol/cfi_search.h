/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * .eh_frame_hdr: where .eh_frame is, and the linker's sorted table of its frame descriptions, by
 * which these are put in order and checked.
 */
#ifndef MIGPOP_SYMBOL_CFI_SEARCH_H
#define MIGPOP_SYMBOL_CFI_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cfi_section;
struct image;

struct cfi_search {
	uint64_t eh_frame; /* ELF virtual addresses, */
	uint64_t address;  /* of this header itself */
	struct cfi_search_entry {
		int32_t start, fde; /* from "address" */
	} * v;
	size_t n;
	bool fills; /* all of its segment: the linker left none out */
};

/* -EBADMSG if it contradicts itself, else as cfi.h. To be freed in every case. */
int cfi_search__read(struct cfi_search *t, const struct image *image);
void cfi_search__free(struct cfi_search *t);

/* Offset in .eh_frame of the last description that the table knows; UINT64_MAX where there may be
 * more. */
uint64_t cfi_search__last(const struct cfi_search *t);

/* Puts the section's FDEs in the table's order; -EBADMSG if the two contradict each other. Without
 * a table the order stays. */
int cfi_search__order(const struct cfi_search *t, struct cfi_section *s);

#endif
