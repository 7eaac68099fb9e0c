/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of pages of a guest's memory, by number. It must not know what the pages have in common.
 */
#ifndef MIGPOP_VERIFY_PAGE_SET_H
#define MIGPOP_VERIFY_PAGE_SET_H

#include <stdbool.h>
#include <stdint.h>

struct page_set {
	uint64_t *bits;
	uint64_t nr_pages; /* how many pages it can hold */
	uint64_t n;        /* how many pages it holds */
};

/* Makes an empty set. Returns 0 or -ENOMEM; free it in either case. */
int page_set__init(struct page_set *s, uint64_t nr_pages);
void page_set__free(struct page_set *s);

void page_set__add(struct page_set *s, uint64_t page);
/* False for a page beyond the end of the set. */
bool page_set__has(const struct page_set *s, uint64_t page);

/* The first page at or beyond "page" that is in "s" but not in "without", which may be NULL;
 * UINT64_MAX if there is none. */
uint64_t page_set__next(const struct page_set *s, const struct page_set *without, uint64_t page);

#endif
