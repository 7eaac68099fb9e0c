/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the call frame information of an ELF image to rows that the kernel side can bisect, and to
 * the ranges of its functions. Knows nothing of processes, mappings or BPF maps.
 *
 * All calls may run in several threads at once, on one file too. A file is taken whole or not at
 * all: 0, or with *out empty
 *   -ENOEXEC   it is no program or library for this architecture
 *   -ENOENT    it has no call frame information
 *   -EBADMSG   it is damaged: truncated, sizes that lie, or parts that contradict each other
 *   -EOVERFLOW its code reaches further from its base than rows can count
 *   or another negative errno.
 */
#ifndef MIGPOP_SYMBOL_CFI_H
#define MIGPOP_SYMBOL_CFI_H

#include <stddef.h>
#include <stdint.h>

struct unwind_row;

struct cfi_table {
	struct unwind_row *rows; /* ascending pc, no neighbours of equal rule; UNWIND_NONE between
				    functions, and last */
	size_t n;
	uint64_t base;      /* ELF virtual address that the rows' pc count from */
	size_t unsupported; /* rows that are UNWIND_UNSUPPORTED */
};

/* Functions, or parts of them: one range a frame description. */
struct cfi_ranges {
	struct cfi_range {
		uint64_t start, end; /* ELF virtual addresses, end exclusive */
	} * v;                       /* ascending and apart */
	size_t n;
};

/* The file position of "fd" is not moved. What *out holds afterwards goes with cfi__free. */
int cfi__read(int fd, struct cfi_table *out);

/* The same for an ELF image in memory, which is not needed afterwards: the vDSO. */
int cfi__read_image(const void *image, size_t size, struct cfi_table *out);

void cfi__free(struct cfi_table *t);

int cfi__read_ranges(int fd, struct cfi_ranges *out);
int cfi__read_ranges_image(const void *image, size_t size, struct cfi_ranges *out);
void cfi__free_ranges(struct cfi_ranges *r);

/* The last range that starts at or below "address", whether or not it holds it; NULL without. */
const struct cfi_range *cfi_ranges__at_or_below(const struct cfi_ranges *r, uint64_t address);

/* The range that holds "address"; NULL if none does. */
const struct cfi_range *cfi_ranges__find(const struct cfi_ranges *r, uint64_t address);

#endif
