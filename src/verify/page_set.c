// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A set of pages with one bit for each page: 32 KiB for each GiB of a guest.
 */
#include "verify/page_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int page_set__init(struct page_set *s, uint64_t nr_pages)
{
	memset(s, 0, sizeof(*s));
	s->bits = calloc(nr_pages / 64 + 1, sizeof(*s->bits));
	if (!s->bits)
		return -ENOMEM;
	s->nr_pages = nr_pages;
	return 0;
}

void page_set__free(struct page_set *s)
{
	free(s->bits);
	memset(s, 0, sizeof(*s));
}

void page_set__add(struct page_set *s, uint64_t page)
{
	if (page >= s->nr_pages || page_set__has(s, page))
		return;
	s->bits[page / 64] |= 1ULL << (page % 64);
	s->n++;
}

bool page_set__has(const struct page_set *s, uint64_t page)
{
	return page < s->nr_pages && s->bits[page / 64] >> (page % 64) & 1;
}

uint64_t page_set__next(const struct page_set *s, const struct page_set *without, uint64_t page)
{
	for (; page < s->nr_pages; page++) {
		if (!(page % 64) && !s->bits[page / 64])
			page += 63;
		else if (page_set__has(s, page) && !(without && page_set__has(without, page)))
			return page;
	}
	return UINT64_MAX;
}
