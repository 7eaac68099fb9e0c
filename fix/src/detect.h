/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What backs the memory of a region, and whom to ask of it. */
#ifndef MIGFIX_DETECT_H
#define MIGFIX_DETECT_H

#include "region.h"

/* Sets what is found of region->memory; *resident: bytes that its mappings hold by now. Leaves it
 * to the caller to close region->fd, if that is ours, and region->pagemap, also when it fails. */
int mfx_detect(struct migfix_region *region, const struct migfix_options *options,
	       uint64_t *resident);

#endif
