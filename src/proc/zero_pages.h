/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts the pages of a process's memory that are present and zero, from outside, without
 * populating anything, in bounded time. It must not know why they are counted.
 */
#ifndef MIGPOP_PROC_ZERO_PAGES_H
#define MIGPOP_PROC_ZERO_PAGES_H

#include <stdint.h>
#include <sys/types.h>

/* Which memory to look at, and what was found. Pages are base pages. */
struct zero_pages {
	uint64_t dev, inode;  /* a mapped tmpfs file, by the numbers of stat(2); if inode is 0: */
	uint64_t start, end;  /* private anonymous memory, by its addresses */
	int64_t looked_pages; /* pages that could be there in the memory looked at; a random sample
				 if time was short */
	int64_t zero_pages;   /* zero pages that there are at least: exact if all pages were looked
				 at, else the estimate minus its error */
};

/*
 * Looks at the memory of process "pid" that "z" names, for at most "budget_ns" nanoseconds but
 * always at 2048 pages, and fills in the rest of "z". Returns 0 or a negative errno: -ENOENT: the
 * process has no descriptor of the file; -EACCES: the process may not be read; -EBUSY: the machine
 * uses swap, so that looking would bring pages back.
 */
int zero_pages__count(struct zero_pages *z, pid_t pid, uint64_t budget_ns);

#endif
