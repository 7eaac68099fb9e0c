/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gathers neighbouring ranges into one run, so that the kernel is called once for all of them. */
#ifndef MIGFIX_BATCH_H
#define MIGFIX_BATCH_H

#include "region.h"

/* Runs are counted in units of 1 KiB, the smallest target page of QEMU. */
#define MFX_UNIT_SHIFT 10

/* Prepares the slots, with runs of at most "batch" bytes; 0: the default. */
void mfx_batch_open(struct migfix_region *region, uint64_t batch);

/* True if the range may join a run: it is made of whole units, and leaves room for another range.
 */
static inline bool mfx_batch_takes(const struct migfix_region *region, uint64_t off, uint64_t len)
{
	uint64_t unit = (UINT64_C(1) << MFX_UNIT_SHIFT) - 1;

	return !((off | len) & unit) && len && len >> MFX_UNIT_SHIFT < region->run_limit;
}

/* Joins a range that mfx_batch_takes() to the calling thread's run, or begins a run with it.
 * Returns the error of a run that had to be handled first. */
int mfx_batch_gather(struct migfix_region *region, uint64_t off, uint64_t len);

/* Handles the runs that have a page in common with [off, off + len). Returns the first error. */
int mfx_batch_finish(struct migfix_region *region, uint64_t off, uint64_t len);

#endif
