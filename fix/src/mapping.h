/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel says of a range of our address space. Knows of no region. */
#ifndef MIGFIX_MAPPING_H
#define MIGFIX_MAPPING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct mfx_mapping {
	uint64_t start, end; /* of the first of the mappings that make up the range */
	bool shared;
	bool hugetlb;
	bool odd;        /* device memory, or mappings of several kinds */
	bool is_shmem;   /* the kernel's own tmpfs, by its name */
	uint32_t flags;  /* enum migfix_flag, of any of the mappings */
	dev_t dev;       /* of the mapped file */
	uint64_t inode;  /* 0: none */
	uint64_t offset; /* of the range in the file */
	uint64_t page_size;
	uint64_t resident; /* bytes of the mappings, in memory or swapped out */
};

/* By /proc/self/maps alone, which confined programs may read: without flags, huge pages, page size
 * and what is resident, which stay 0. Errors as below. */
int mfx_mapping_read_maps(struct mfx_mapping *mapping, uint64_t start, uint64_t end);

/* By smaps. -ENOENT: /proc cannot be read; -ENOMEM: part of it is not mapped; -EACCES: cannot be
 * read. */
int mfx_mapping_read(struct mfx_mapping *mapping, uint64_t start, uint64_t end);

#endif
