/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own figures for the memory of a process. Knows nothing of tracing.
 */
#ifndef MIGPOP_PROC_FIGURES_H
#define MIGPOP_PROC_FIGURES_H

#include <stdint.h>
#include <sys/types.h>

/* In pages, but page_tables in kB. -1: not known, or the process is gone. */
struct proc_figures {
	int64_t anon;        /* smaps: Anonymous, and Swap of private mappings */
	int64_t page_tables; /* VmPTE */
	int64_t hugetlb;     /* HugetlbPages */
	int64_t rss;         /* VmRSS */
};

/* Reads smaps_rollup, which is exact because it walks the page tables, and status. Returns 0,
 * -ESRCH, or -EFBIG if the process has more mappings than are read: then anon is -1. */
int proc__figures(pid_t pid, struct proc_figures *out);

/* Reads status alone, without walking anything: anon may be off by proc__counter_slack(). Returns 0
 * or -ESRCH. */
int proc__figures_cheap(pid_t pid, struct proc_figures *out);

/* Pages by which RssAnon and VmSwap together may be off: each CPU may hold back less than a batch
 * of each (lib/percpu_counter.c; a thread may hold back as much on kernels up to 6.1). */
int64_t proc__counter_slack(void);

/* Pages that processes do not map any more and that may wait to be freed, in batches of all CPUs
 * (mm/swap.c: lru_add, 31 each since 6.9). */
int64_t proc__pages_waiting(void);

#endif
