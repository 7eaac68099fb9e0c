/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a region of a range of memory, and frees it. */
#ifndef MIGFIX_OPEN_H
#define MIGFIX_OPEN_H

#include "region.h"

/* Stores a new region in *opened. The options were checked, and the range is not empty and does not
 * wrap around. Returns 0 or an error of migfix_region_open(). */
int mfx_open(struct migfix_region **opened, void *addr, uint64_t len,
	     const struct migfix_options *options);

/* Frees what the region holds. No run is being gathered any more. */
void mfx_close(struct migfix_region *region);

#endif
