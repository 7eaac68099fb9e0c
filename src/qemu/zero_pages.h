/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many pages of a process's memory are there and hold zeros only: looked at from outside,
 * without populating anything, in a bounded time. It must not know why.
 */
#ifndef MIGPOP_QEMU_ZERO_PAGES_H
#define MIGPOP_QEMU_ZERO_PAGES_H

#include <stdint.h>
#include <sys/types.h>

/* Which memory, and what was found. Pages are base pages. */
struct zero_pages {
	uint64_t dev,
		inode; /* a file of tmpfs that is mapped, by the numbers of stat(2); or, inode 0, */
	uint64_t start, end;  /* private anonymous memory by its addresses */
	int64_t looked_pages; /* of all that it has room for; a random sample where time was short
			       */
	int64_t zero_pages;   /* that there are at least: exact where all were looked at, else the
				 estimate less its error */
};

/*
 * Looks at the memory of process "pid" that "z" names for "budget_ns" nanoseconds at most, or at
 * 2048 pages of it where these take longer, and fills the rest of "z". 0 or a negative errno:
 * -ENOENT where no descriptor of the process is that file, -EACCES where the process may not be
 * read, -EBUSY while the machine uses swap, since looking would bring pages back.
 */
int zero_pages__count(struct zero_pages *z, pid_t pid, uint64_t budget_ns);

#endif
