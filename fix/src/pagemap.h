/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which pages of a private mapping are present or swapped out, in chunks. */
#ifndef MIGFIX_PAGEMAP_H
#define MIGFIX_PAGEMAP_H

#include "region.h"

/* struct page_region of Linux 6.7. */
struct mfx_pagemap_extent {
	uint64_t start, end, categories;
};

struct mfx_pagemap {
	union {
		struct mfx_pagemap_extent extents[32]; /* by PAGEMAP_SCAN */
		uint64_t entries[512];                 /* read from the file */
	};
	uint64_t scanned; /* up to where the chunk tells, in bytes of the region */
	uint64_t first;   /* page of the region that entries[0] is of */
	unsigned int next, count;
};

int mfx_pagemap_open(struct migfix_region *region);
/* The first populated extent of whole pages in [from, to): 1, or 0: none, or -errno. "chunk" is
 * zeroed before the first call, and "from" does not go back. */
int mfx_pagemap_next(struct mfx_pagemap *chunk, const struct migfix_region *region, uint64_t from,
		     uint64_t to, uint64_t *start, uint64_t *end);
/* Would no page of [from, to) fault when it is read? The kernel's page of zeros counts here. */
bool mfx_pagemap_is_present(const struct migfix_region *region, uint64_t from, uint64_t to);

#endif
