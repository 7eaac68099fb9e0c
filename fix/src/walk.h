/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Goes over the pages of a range that may be other than zero, and populates none on its way. */
#ifndef MIGFIX_WALK_H
#define MIGFIX_WALK_H

#include "pagemap.h"
#include "region.h"

struct mfx_walk {
	const struct migfix_region *region;
	uint64_t from, to; /* what was asked for */
	uint64_t pos, end; /* the pages of it that are left */
	bool exact;        /* holes between populated pages matter */
	struct mfx_pagemap pagemap;
};

/* Of whole pages, which may reach beyond what was asked for. */
struct mfx_extent {
	uint64_t from, to;
};

/* "exact" false: an extent may reach over holes, for whoever gives it back anyway. */
void mfx_walk_begin(struct mfx_walk *walk, const struct migfix_region *region, uint64_t from,
		    uint64_t to, bool exact);
bool mfx_walk_next(struct mfx_walk *walk, struct mfx_extent *extent);

#endif
