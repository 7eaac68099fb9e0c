/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One process: the kernel's own figures for its memory at the edges of a window, its private pages
 * between unmapped and freed, and what its threads that are gone have cost.
 */
#ifndef MIGPOP_SHARED_PROCESS_H
#define MIGPOP_SHARED_PROCESS_H

#include "shared/loss.h"
#include "shared/types.h"

/* The value of a figure that this kernel does not show to programs. */
enum { FIGURE_UNKNOWN = -1 };

/* The kernel's figures for the memory of a process at one instant, in pages. "page_tables" is in
 * bytes, or FIGURE_UNKNOWN. */
struct figures {
	s64 anon;        /* private memory: pages that are mapped, and pages in swap */
	s64 swapped;     /* private memory: pages in swap */
	s64 file, shmem; /* pages that are mapped */
	s64 hugetlb;     /* pages that are mapped */
	s64 page_tables;
	u32 running; /* threads, without the one that looks, that may be in an allocation */
	u32 known;   /* the figures were taken */
};

/* When the figures are taken: on both sides of the instant at which counting begins and of the
 * instant at which it ends, since the target's other threads go on meanwhile. */
enum edge { EDGE_OPEN_BEFORE, EDGE_OPEN, EDGE_CLOSE_BEFORE, EDGE_CLOSE, NR_EDGES };

struct process {
	u64 events;        /* of threads that are gone */
	u64 sampled_ns;    /* of threads that are gone */
	u64 mm;            /* address of its struct mm_struct; 0 before it is known */
	s64 hugetlb_usage; /* mm->hugetlb_usage in pages when it was last looked at */
	struct figures edges[NR_EDGES];
	u64 settled; /* pages in flight when its window closed */
	/* Private pages that may not be mapped any more and not be freed yet. */
	u64 exec_anon;   /* what it had when it last called execve() */
	u64 let_go;      /* at most so many that its calls unmapped and did not free */
	u64 let_go_huge; /* in ranges where there may be huge pages */
	u64 shared;      /* what it had when it forked, and its children hold since */
	u64 copied;      /* the pages of "shared" that it wrote to after it had forked */
	u64 forked_ns;   /* when it forked last, by the clock since boot */
	/* Private pages that were counted as released when its calls unmapped them: who frees them
	 * later does not release them again. */
	u64 waits;
	/* What its threads do to its private memory while one of them unmaps some: pages that they
	 * allocate, and calls that unmap. */
	u64 moved;
	u64 lost[NR_LOST];
	u32 exited; /* it has ended, or its window has closed: EDGE_CLOSE is known */
	u32 zero;
};

_Static_assert(sizeof(struct figures) == 56, "no padding");
_Static_assert(sizeof(struct process) == 368, "no padding");

#endif
