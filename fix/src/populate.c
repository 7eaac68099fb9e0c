// SPDX-License-Identifier: LGPL-2.1-or-later
/* Populates pages for reading, except those that somebody discarded. */
#include "region.h"

#include <errno.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

static void touch(const struct migfix_region *region, uint64_t from, uint64_t to)
{
	for (; from < to; from += region->page_size)
		(void)*(const volatile unsigned char *)(region->memory + from);
}

int mfx_populate(const struct migfix_region *region, uint64_t from, uint64_t to)
{
	from = mfx_page_down(region, from);
	to = mfx_page_up(region, to);
	while (madvise(region->memory + from, to - from, MADV_POPULATE_READ)) {
		if (errno == EINVAL) { /* Linux before 5.14 does not know MADV_POPULATE_READ */
			touch(region, from, to);
			break;
		}
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
	return 0;
}

static int next_discarded(migfix_next_discarded *next, void *opaque, uint64_t off,
			  struct migfix_section *section)
{
	int found = next ? next(opaque, off, section) : 0;

	if (found > 0 &&
	    (section->len > UINT64_MAX - section->off || section->off + section->len <= off))
		return -EINVAL;
	return found;
}

int mfx_populate_read(const struct migfix_region *region, uint64_t pos, uint64_t end,
		      migfix_next_discarded *next, void *opaque)
{
	while (pos < end) {
		struct migfix_section section;
		int err, found = next_discarded(next, opaque, pos, &section);
		uint64_t to = end;

		if (found < 0)
			return found;
		if (found)
			to = mfx_min(end, mfx_page_down(region, section.off));
		err = pos < to ? mfx_populate(region, pos, to) : 0;
		if (err)
			return err;
		if (!found || section.off + section.len >= end)
			break;
		pos = mfx_page_up(region, section.off + section.len);
	}
	return 0;
}
