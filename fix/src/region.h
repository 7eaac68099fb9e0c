/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the parts of the library share: the region, and the functions that one part offers the
 * others. Users of the library see none of it.
 */
#ifndef MIGFIX_REGION_H
#define MIGFIX_REGION_H

#include "migfix.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* How to learn whether a page was ever populated, without populating it. */
enum mfx_ask {
	MFX_ASK_NOBODY,  /* nobody tells: the page must be read */
	MFX_ASK_PAGEMAP, /* pagemap tells whether a page is present, swapped out, or a hole: the
			    memory is private and anonymous */
	MFX_ASK_SEEK,    /* SEEK_DATA tells: the memory is a file on tmpfs */
	MFX_ASK_PREAD,   /* SEEK_DATA would take too long in this file: pread() it, which allocates
			    nothing where a read of the mapping would */
};

enum mfx_count {
	MFX_CLEAN,
	MFX_HOLE,
	MFX_DISCARDED,
	MFX_COMPARED,
	MFX_WRITTEN,
	MFX_NOT_FREED,
	MFX_ZERO_KINDS, /* each page that was made zero is counted in exactly one of the members
			   above */
	MFX_POPULATED = MFX_ZERO_KINDS,
	MFX_RUNS,
	MFX_COUNTS,
};

/* The threads of a process are spread over these slots, so that the channels of a migration do not
 * end each other's runs. With more threads than slots some share one. */
#define MFX_RUN_SLOTS 8
struct mfx_run {
	_Alignas(64) _Atomic uint64_t run;
	pthread_mutex_t lock;
};

struct migfix_region {
	_Atomic uint64_t magic;
	/* False in a child after fork(): there pagemap would still describe the parent's memory. */
	const bool *is_here;
	unsigned char *memory;
	uint64_t len;
	uint64_t pages; /* the last page may lie in the region only in part */
	uint64_t page_size;
	unsigned int page_shift;

	enum migfix_backing backing;
	enum migfix_policy policy;
	enum mfx_ask ask;
	_Atomic uint32_t flags;
	atomic_bool refused; /* the kernel refused to take pages back: it is not asked again */
	bool scans;          /* the kernel knows PAGEMAP_SCAN */

	int fd; /* -1: no file can be asked */
	bool fd_is_ours;
	uint64_t fd_offset;
	int pagemap; /* -1: not needed, or cannot be opened */

	uint64_t preallocated_pages;
	_Atomic uint64_t *kept; /* pages that were populated when the region was opened; NULL: none
				   was found */
	_Atomic uint64_t *unclean; /* pages that may be other than zero; NULL: the region was opened
				      without MIGFIX_TRACK */

	uint64_t run_limit; /* the longest run, in units of 1 KiB */
	struct mfx_run runs[MFX_RUN_SLOTS];
	_Alignas(64) _Atomic uint64_t counts[MFX_COUNTS];
};

/* The number of pages with a byte in [from, to). */
static inline uint64_t mfx_pages(const struct migfix_region *region, uint64_t from, uint64_t to)
{
	return to == from ? 0 : ((to - 1) >> region->page_shift) - (from >> region->page_shift) + 1;
}

static inline uint64_t mfx_page_down(const struct migfix_region *region, uint64_t off)
{
	return off & ~(region->page_size - 1);
}

static inline uint64_t mfx_page_up(const struct migfix_region *region, uint64_t off)
{
	return mfx_page_down(region, off + region->page_size - 1);
}

static inline uint64_t mfx_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t mfx_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

#define MFX_MAGIC   UINT64_C(0x6d696766697831)
#define MFX_LONGEST (UINT64_C(1) << 47)

/* True if the region is open, in the process that opened it. A closed region is recognised only as
 * long as its memory has not been allocated to somebody else. */
static inline bool mfx_is_open(const struct migfix_region *region)
{
	return region && atomic_load_explicit(&region->magic, memory_order_relaxed) == MFX_MAGIC &&
	       *region->is_here;
}

static inline bool mfx_is_within(const struct migfix_region *region, uint64_t off, uint64_t len)
{
	return mfx_is_open(region) && len <= region->len && off <= region->len - len;
}

static inline uint32_t mfx_flags(const struct migfix_region *region)
{
	return atomic_load_explicit(&region->flags, memory_order_relaxed);
}

static inline void mfx_count(struct migfix_region *region, enum mfx_count what, uint64_t pages)
{
	atomic_fetch_add_explicit(&region->counts[what], pages, memory_order_relaxed);
}

bool mfx_gives_back(const struct migfix_region *region, uint32_t flags);

/* zero.c: makes [off, off + len) read as zero. Returns 0 or -errno, and leaves errno alone. */
int mfx_zero(struct migfix_region *region, uint64_t off, uint64_t len);

/* is_zero.c: tells whether [from, to) reads as zero. May change errno. */
bool mfx_is_zero(const struct migfix_region *region, uint64_t from, uint64_t to);

/* discard.c: gives the whole pages of [from, to) back. If the kernel refuses it returns -errno, and
 * nothing was changed. */
int mfx_discard(struct migfix_region *region, uint64_t from, uint64_t to);

/* sight.c: notes which pages are populated before the region is used. */
int mfx_sight(struct migfix_region *region, uint64_t resident);

/* populate.c: populates for reading the pages with a byte in [from, to). */
int mfx_populate(const struct migfix_region *region, uint64_t from, uint64_t to);

/* populate.c: does so for [pos, end), but for the pages with a byte in a section that "next" finds.
 * Returns 0, or an error of migfix_populate_read(). May change errno. */
int mfx_populate_read(const struct migfix_region *region, uint64_t pos, uint64_t end,
		      migfix_next_discarded *next, void *opaque);

#endif
