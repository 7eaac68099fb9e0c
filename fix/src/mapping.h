/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel says of a range of our address space. Knows nothing of regions. */
#ifndef MIGFIX_MAPPING_H
#define MIGFIX_MAPPING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct mfx_mapping {
	uint64_t start, end; /* the first mapping of the range */
	bool shared;
	bool hugetlb;
	bool odd;        /* the range is device memory, or is made of mappings of different kinds */
	bool is_shmem;   /* a file of the kernel's internal tmpfs, recognised by its name */
	uint32_t flags;  /* flags of enum migfix_flag that hold for any mapping of the range */
	dev_t dev;       /* device number of the mapped file */
	uint64_t inode;  /* inode number of the mapped file; 0: no file is mapped */
	uint64_t offset; /* where the range begins in the file, in bytes */
	uint64_t page_size;
	uint64_t resident; /* bytes of the whole mappings that are in memory or swapped out */
};

/* Fills *mapping from /proc/self/maps alone, which confined programs may read. The flags other than
 * MIGFIX_READ_ONLY, hugetlb, page_size and resident stay 0. Has the errors of
 * mfx_mapping_read(). */
int mfx_mapping_read_maps(struct mfx_mapping *mapping, uint64_t start, uint64_t end);

/* Fills *mapping from /proc/self/smaps. -ENOENT: smaps cannot be opened; -ENOMEM: part of the range
 * is not mapped; -EACCES: part of the range cannot be read. */
int mfx_mapping_read(struct mfx_mapping *mapping, uint64_t start, uint64_t end);

#endif
