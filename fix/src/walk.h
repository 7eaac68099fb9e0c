/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the pages of a range that may be other than zero, and populates none on its way. */
#ifndef MIGFIX_WALK_H
#define MIGFIX_WALK_H

#include "pagemap.h"
#include "region.h"

struct mfx_walk {
	const struct migfix_region *region;
	uint64_t from, to; /* the range that was asked for */
	uint64_t pos, end; /* the pages of the range that are left */
	bool exact;        /* holes between populated pages matter */
	struct mfx_pagemap pagemap;
};

/* An extent of whole pages, which may reach beyond the range that was asked for. */
struct mfx_extent {
	uint64_t from, to;
};

/* Begins a walk over the pages of [from, to). If "exact" is false an extent may include holes, for
 * a caller that gives all of it back. */
void mfx_walk_begin(struct mfx_walk *walk, const struct migfix_region *region, uint64_t from,
		    uint64_t to, bool exact);
bool mfx_walk_next(struct mfx_walk *walk, struct mfx_extent *extent);

#endif
