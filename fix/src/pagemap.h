/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells which pages of a private mapping are present or swapped out, one chunk at a time. */
#ifndef MIGFIX_PAGEMAP_H
#define MIGFIX_PAGEMAP_H

#include "region.h"

/* struct page_region of Linux 6.7. */
struct mfx_pagemap_extent {
	uint64_t start, end, categories;
};

struct mfx_pagemap {
	union {
		struct mfx_pagemap_extent extents[32]; /* filled by PAGEMAP_SCAN */
		uint64_t entries[512];                 /* read from /proc/self/pagemap */
	};
	uint64_t scanned; /* where the chunk ends, in bytes from the beginning of the region */
	uint64_t first;   /* number of the page in the region that entries[0] describes */
	unsigned int next, count;
};

int mfx_pagemap_open(struct migfix_region *region);
/* Finds the first populated extent of whole pages in [from, to). Returns 1 and stores it in *start
 * and *end, 0 if there is none, or -errno. Zero *chunk before the first call; "from" may not
 * decrease from one call to the next. */
int mfx_pagemap_next(struct mfx_pagemap *chunk, const struct migfix_region *region, uint64_t from,
		     uint64_t to, uint64_t *start, uint64_t *end);
/* True if reading any page of [from, to) would not fault. The kernel's shared page of zeros counts
 * as present. */
bool mfx_pagemap_is_present(const struct migfix_region *region, uint64_t from, uint64_t to);

#endif
