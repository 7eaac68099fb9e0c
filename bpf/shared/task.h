/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one thread of a target is doing, what it has allocated, and what it has counted but not
 * added to the maps yet. The programs own it; the collector only reads it.
 */
#ifndef MIGPOP_SHARED_TASK_H
#define MIGPOP_SHARED_TASK_H

#include "shared/counts.h"
#include "shared/keys.h"
#include "shared/types.h"

enum {
	PENDING_MAX = 8,
	EVENTS_PER_SAMPLE = 251, /* one event in so many is timed */
	TASK_SLOTS = 4096,
	MEMO_SLOTS = 512, /* threads that remember call chains */
};

/* Whether a pending page was seen to be mapped: if so, the kernel's figures have it. A page that
 * was private when it was seen stays counted as its process's, whatever is in its place when it is
 * counted: another thread may have unmapped it, or the process may have ended. */
enum pending_mapped { MAPPED_UNKNOWN, MAPPED_SEEN, MAPPED_PRIVATE };

/* A page that a thread of a target allocated, of which it is not known yet what it became. */
struct pending {
	u64 page;
	u32 order;
	u8 context, access;
	u8 told;   /* "access" is what the fault itself said: the flags of GUP */
	u8 mapped; /* enum pending_mapped */
};

/* What each event touches is in the first two cache lines, and what each page touches is in the two
 * lines after the pending pages: a page that is zeroed in between takes an eighth of the first
 * cache. */
struct task_state {
	u64 task; /* address of struct task_struct: tells that a tid was used again */
	u64 ip;
	u64 address;  /* of the fault under way; 0 if there is none */
	u64 entry_ns; /* when a timed fault began; 0 in a mode that does not see faults end */
	u64 maj_flt;  /* of the task when the context began */
	s32 syscall;
	s32 stack;
	u8 context, access;
	u8 fault;        /* faults of this context that are not counted yet */
	u8 kernel_fault; /* a fault is under way in this system call */
	u8 exiting;
	u8 nr_pending;
	u8 gup_access;   /* the guest's access, as KVM says it */
	u8 in_function;  /* a fault has begun and not ended; function modes only */
	u8 stacked;      /* "stack" is the chain of the present system call */
	u8 uring_access; /* of the request of io_uring that the thread submitted last */
	u8 pins;         /* the present system call pins memory, and writes none */
	u8 on_present;   /* the fault under way is on a mapped page, which it may copy */
	u8 is_unmapping; /* the present system call unmaps private memory: see "unmaps" */
	u8 zero[3];
	u64 events;
	u64 timed_next;   /* the number of the next event that is timed */
	u64 file_mapping; /* address_space of the file that "file_read" etc. are about; 0: none */
	u64 last_ip;      /* what tally_key was made from, if that was a user fault in shmem */
	u64 last_mapping; /* 0 if tally_key was made from something else */
	u32 last_access;
	u32 flushes; /* how often the tally was added to the map, times two; odd while it is added
		      */
	struct pending pending[PENDING_MAX];
	u64 released;              /* in the present system call */
	u64 swapped;               /* of the inode that the present system call gives back */
	struct site_key tally_key; /* the thread counts in "tally" until another key comes */
	struct site tally;
	u64 switches;   /* how often other threads had run when the last timed event began */
	u64 sampled_ns; /* what the timed events took: one in EVENTS_PER_SAMPLE */
	u64 vma_start, vma_end, vma_generation;
	struct backing_key vma; /* the backing of [vma_start, vma_end) */
	u64 mapping;            /* address_space that was last resolved, to "file" */
	struct backing_key file;
	struct site_key key; /* under construction: a program's stack is too short for it */
	struct site add;
	/* What the present context has brought into the page cache of a file that is memory. */
	u64 file_read;    /* pages that were read */
	u64 file_written; /* pages that are written */
	u64 file_data;    /* bytes of the pages read that the disk has: the others were holes */
	u64 file_index;   /* one more than the index of the page that a fault writes; 0: none */
	struct backing_key file_key;
	u64 vma_pgoff; /* index of the VMA's first page in the file; see vma_anon_pgoff */
	struct thread_key thread_key;
	struct thread thread; /* without the tally */
	/* About the present system call, if it unmaps private memory. */
	u64 unmaps;         /* pages of its range */
	u64 unmaps_huge;    /* pages of its range where there may be huge pages */
	u64 unmaps_freed;   /* private pages that it has freed so far; execve() counts here, too */
	u64 unmaps_moved;   /* process.moved when the call began */
	u64 unmaps_flying;  /* pages of other threads that were in flight when it began */
	s64 unmaps_private; /* private pages of the process when it began, or FIGURE_UNKNOWN */
	u64 vma_anon_pgoff; /* index of the first page of [vma_start, vma_end) if it is anonymous */
};

_Static_assert(sizeof(struct pending) == 16, "no padding");

#endif
