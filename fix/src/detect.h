/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds out what backs the memory of a region, and how to ask which pages are populated. */
#ifndef MIGFIX_DETECT_H
#define MIGFIX_DETECT_H

#include "region.h"

/* Fills the members of the region that describe its backing, and stores in *resident how many bytes
 * its mappings hold now. Returns 0 or -errno. Even if it fails, the caller must close
 * region->pagemap, and region->fd if region->fd_is_ours. */
int mfx_detect(struct migfix_region *region, const struct migfix_options *options,
	       uint64_t *resident);

#endif
