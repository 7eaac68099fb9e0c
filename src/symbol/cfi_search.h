/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads .eh_frame_hdr: where .eh_frame lies, and the linker's sorted table of its frame
 * descriptions. The table puts the frame descriptions in order and is used to check them.
 */
#ifndef MIGPOP_SYMBOL_CFI_SEARCH_H
#define MIGPOP_SYMBOL_CFI_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cfi_section;
struct image;

struct cfi_search {
	uint64_t eh_frame; /* ELF virtual address of .eh_frame */
	uint64_t address;  /* ELF virtual address of .eh_frame_hdr itself */
	struct cfi_search_entry {
		int32_t start, fde; /* distances from "address" */
	} * v;
	size_t n;
	bool fills; /* the table fills its segment, so the linker left out no entry */
};

/* Reads the table. Returns 0, -EBADMSG if it contradicts itself, or another error of cfi.h. Free *t
 * in every case. */
int cfi_search__read(struct cfi_search *t, const struct image *image);
void cfi_search__free(struct cfi_search *t);

/* Offset in .eh_frame of the last frame description in the table; UINT64_MAX if there may be later
 * ones. */
uint64_t cfi_search__last(const struct cfi_search *t);

/* Puts the section's FDEs into the table's order. Returns -EBADMSG if table and section contradict
 * each other. Without a table the order does not change. */
int cfi_search__order(const struct cfi_search *t, struct cfi_section *s);

#endif
