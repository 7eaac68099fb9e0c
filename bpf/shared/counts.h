/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is counted for the keys of keys.h. Counts are in base pages. Every count only grows: what
 * happened in a window is the difference of two readings.
 */
#ifndef MIGPOP_SHARED_COUNTS_H
#define MIGPOP_SHARED_COUNTS_H

#include "shared/types.h"

/* Of a call site. */
struct site {
	u64 faults;
	u64 populated;
	u64 zero_populated;
	u64 released;
	u64 fault_ns;
};

/* Of a thread: the sum over all its call sites. */
struct thread {
	struct site sum;
	char comm[16]; /* its name when it ended; empty before */
};

/* Of calls that give memory back. */
struct advice {
	u64 calls;
	u64 bytes;
	u64 released;
};

enum backing_flag {
	BACKING_HEAP = 1,
	BACKING_STACK = 2,
	BACKING_PRIVATE_FILE = 4,
	BACKING_HOLES_UNKNOWN = 8, /* a file: pages that were read may have been holes or data */
	BACKING_GONE = 16,         /* the inode did not exist any more when it was last looked at */
};

/* Of a backing: the kernel's own figures for it, in pages, at the instants that the books need. */
struct backing {
	u64 inode_address; /* of struct inode; 0 for private memory */
	u64 start, end;    /* of the VMA that was seen first */
	u64 open_before;   /* inodes: just before counting began */
	u64 open_pages;    /* just after counting began, or when the backing was seen first */
	u64 pages_now;     /* when the kernel was last asked */
	u64 exit_before; /* just before counting ended, by the end of the window or of the target */
	u64 exit_pages;  /* just after counting ended */
	u64 exit_released; /* pages that went with processes before counting ended */
	u64 blocks;        /* hugetlb: pages that a call site has already */
	u32 exited;        /* counting has ended */
	u32 flags;         /* enum backing_flag */
	u32 owner;         /* the target whose memory it was when it was seen first */
	u32 zero;
	char name[64];
};

/* At most so many shared files of huge pages are looked at. */
enum { HUGETLB_FILES_MAX = 16 };

_Static_assert(sizeof(struct thread) == 56, "no padding");
_Static_assert(sizeof(struct backing) == 160, "no padding");

#endif
