// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Gathers neighbouring ranges into one run, so that the kernel is called once for all of them.
 *
 * A run is one atomic word, so that a range joins it with one compare-exchange. The word says where
 * the run begins, how long it is, and whether it is being handled; 0 means that there is no run.
 * Each slot holds one run, under these rules:
 *
 * - Any thread may begin a run where there is none, and may lengthen a run that is not being
 *   handled.
 * - Only the thread that holds the slot's lock marks the run as handled, and only that thread then
 *   sets the word to 0. While a run is marked nobody else changes the word.
 * - A thread that finds the mark, and needs the range of that run, waits for the lock: when it has
 *   the lock, the run is done.
 * - Each change of the word is a release; each look that finds a run, or finds none, is an acquire.
 *   So the thread that handles a run sees what was written before each range joined, and a thread
 *   that sees that the run is done also sees its zeros in memory. A later run begins by a
 *   read-modify-write of the 0, which keeps this order for a thread that sees only the later run.
 */
#include "batch.h"

#include <errno.h>

#define COUNT_BITS 26
/* 128 TiB of 1 KiB units: all that a process can map with four levels of page tables */
#define START_BITS  37
#define BUSY        UINT64_C(1)
#define COUNT_SHIFT 1
#define START_SHIFT (COUNT_SHIFT + COUNT_BITS)
#define COUNT_MAX   ((UINT64_C(1) << COUNT_BITS) - 1)

#define DEFAULT_BATCH (UINT64_C(64) << 20)

_Static_assert(START_SHIFT + START_BITS == 64, "a run is one word");

static uint64_t run_start(uint64_t run)
{
	return run >> START_SHIFT;
}

static uint64_t run_count(uint64_t run)
{
	return run >> COUNT_SHIFT & COUNT_MAX;
}

static uint64_t run_of(uint64_t start, uint64_t count)
{
	return start << START_SHIFT | count << COUNT_SHIFT;
}

/* The run with the range joined to it; 0 if the range does not touch the run, or would make it too
 * long. */
static uint64_t run_joined(const struct migfix_region *region, uint64_t run, uint64_t start,
			   uint64_t count)
{
	uint64_t begin = run_start(run), end = begin + run_count(run);
	uint64_t joined = mfx_max(end, start + count) - begin;

	if (start < begin || start > end || joined > region->run_limit)
		return 0;
	return run_of(begin, joined);
}

static bool run_overlaps(const struct migfix_region *region, uint64_t run, uint64_t off,
			 uint64_t len)
{
	uint64_t begin = mfx_page_down(region, run_start(run) << MFX_UNIT_SHIFT);
	uint64_t end = mfx_page_up(region, (run_start(run) + run_count(run)) << MFX_UNIT_SHIFT);

	return run && off < end && off + len > begin;
}

static uint64_t look(struct mfx_run *slot)
{
	return atomic_load_explicit(&slot->run, memory_order_acquire);
}

static bool change(struct mfx_run *slot, uint64_t *run, uint64_t wanted)
{
	return atomic_compare_exchange_weak_explicit(&slot->run, run, wanted, memory_order_acq_rel,
						     memory_order_acquire);
}

/* Zeroes the slot's run, if there is one. The caller holds the slot's lock. */
static int handle(struct migfix_region *region, struct mfx_run *slot)
{
	uint64_t run = look(slot);
	int err;

	do {
		if (!run)
			return 0;
	} while (!change(slot, &run, run | BUSY));
	err = mfx_zero(region, run_start(run) << MFX_UNIT_SHIFT, run_count(run) << MFX_UNIT_SHIFT);
	mfx_count(region, MFX_RUNS, 1);
	atomic_store_explicit(&slot->run, 0, memory_order_release);
	return err;
}

static int finish(struct migfix_region *region, struct mfx_run *slot)
{
	int err;

	pthread_mutex_lock(&slot->lock);
	err = handle(region, slot);
	pthread_mutex_unlock(&slot->lock);
	return err;
}

int mfx_batch_finish(struct migfix_region *region, uint64_t off, uint64_t len)
{
	int err = 0;

	for (int i = 0; i < MFX_RUN_SLOTS; i++) {
		struct mfx_run *slot = &region->runs[i];
		int done = run_overlaps(region, look(slot), off, len) ? finish(region, slot) : 0;

		err = err ? err : done;
	}
	return err;
}

void mfx_batch_open(struct migfix_region *region, uint64_t batch)
{
	batch = (batch ? batch : DEFAULT_BATCH) >> MFX_UNIT_SHIFT;
	region->run_limit = mfx_min(mfx_max(batch, 1), COUNT_MAX);
	for (int i = 0; i < MFX_RUN_SLOTS; i++)
		region->runs[i].lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

/* The address of errno differs from thread to thread, so it picks the slot. Multiplying by the
 * golden ratio spreads the addresses over the top bits. */
static struct mfx_run *own_slot(struct migfix_region *region)
{
	uint64_t hash = (uintptr_t)&errno * UINT64_C(0x9e3779b97f4a7c15);

	return &region->runs[hash >> 32 & (MFX_RUN_SLOTS - 1)];
}

int mfx_batch_gather(struct migfix_region *region, uint64_t off, uint64_t len)
{
	uint64_t start = off >> MFX_UNIT_SHIFT, count = len >> MFX_UNIT_SHIFT;
	struct mfx_run *slot = own_slot(region);
	uint64_t run = look(slot), wanted;
	int err = 0, done;

	for (;;) {
		wanted = run ? run_joined(region, run, start, count) : run_of(start, count);
		if (run & BUSY || !wanted) {
			done = finish(region, slot);
			err = err ? err : done;
			run = look(slot);
		} else if (change(slot, &run, wanted)) {
			break;
		}
	}
	if (run_count(wanted) < region->run_limit)
		return err;
	done = finish(region, slot);
	return err ? err : done;
}
