/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns the call frame information of an ELF image into rows that the kernel side can search by
 * bisection, and into the ranges of the image's functions. Knows nothing of processes, mappings or
 * BPF maps.
 *
 * Several threads may call these functions at once, even on the same file. A file is read as a
 * whole or not at all. The functions return 0, or leave *out empty and return
 *   -ENOEXEC   the file is no program or library for this architecture
 *   -ENOENT    the file has no call frame information
 *   -EBADMSG   the file is damaged: truncated, with impossible sizes, or with parts that contradict
 *   each other
 *   -EOVERFLOW the code reaches further from its base than a row can express
 *   or another negative errno.
 */
#ifndef MIGPOP_SYMBOL_CFI_H
#define MIGPOP_SYMBOL_CFI_H

#include <stddef.h>
#include <stdint.h>

struct unwind_row;

struct cfi_table {
	struct unwind_row *rows; /* by ascending pc, no two neighbours with the same rule;
				    UNWIND_NONE between functions, and as the last row */
	size_t n;
	uint64_t base;      /* the pc of each row counts from this ELF virtual address */
	size_t unsupported; /* number of rows that are UNWIND_UNSUPPORTED */
};

/* The ranges of functions, or of parts of functions: one range for each frame description. */
struct cfi_ranges {
	struct cfi_range {
		uint64_t start, end; /* ELF virtual addresses; end is exclusive */
	} * v;                       /* ascending, without overlaps */
	size_t n;
};

/* Reads the rows of the file "fd", whose file position does not move. Free *out with cfi__free().
 * */
int cfi__read(int fd, struct cfi_table *out);

/* Reads the rows of an ELF image in memory, such as the vDSO. The memory is not needed afterwards.
 * */
int cfi__read_image(const void *image, size_t size, struct cfi_table *out);

void cfi__free(struct cfi_table *t);

int cfi__read_ranges(int fd, struct cfi_ranges *out);
int cfi__read_ranges_image(const void *image, size_t size, struct cfi_ranges *out);
void cfi__free_ranges(struct cfi_ranges *r);

/* The last range that starts at or below "address", whether or not it contains "address"; NULL if
 * there is none. */
const struct cfi_range *cfi_ranges__at_or_below(const struct cfi_ranges *r, uint64_t address);

/* The range that contains "address"; NULL if there is none. */
const struct cfi_range *cfi_ranges__find(const struct cfi_ranges *r, uint64_t address);

#endif
