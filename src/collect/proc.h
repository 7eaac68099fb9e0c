/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What /proc says of a process: who it is, and the kernel's own figures for its memory. Knows
 * nothing of tracing.
 */
#ifndef MIGPOP_COLLECT_PROC_H
#define MIGPOP_COLLECT_PROC_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <sys/types.h>

#include "shared/window.h"

struct record_target;

/* Pages, but for page_tables: kB. -1 where the process is gone. */
struct proc_figures {
	int64_t anon;        /* smaps: Anonymous, and Swap of private mappings */
	int64_t page_tables; /* VmPTE */
	int64_t hugetlb;     /* HugetlbPages */
	int64_t rss;         /* VmRSS */
};

/* Reads smaps_rollup, which is exact because it walks the page tables, and status. Returns 0,
 * -ESRCH, or -EFBIG if the process has more mappings than are read: then anon is -1. */
int proc__figures(pid_t pid, struct proc_figures *out);

/* The same from status alone, without walking anything: anon is off by proc__counter_slack(). */
int proc__figures_cheap(pid_t pid, struct proc_figures *out);

/* Pages by which RssAnon and VmSwap together may be off: each CPU may hold back less than a batch
 * of each (lib/percpu_counter.c; kernels up to 6.1 hold back as much a thread). */
int64_t proc__counter_slack(void);

/* Pages that a process maps no more and that may wait to be freed, in batches of all CPUs
 * (mm/swap.c: lru_add, 31 each since 6.9). */
int64_t proc__pages_waiting(void);

/* What a thread is called, to be freed; NULL if it is gone. */
char *proc__comm(pid_t tid);

/* Fills all of "t" that the process and its command line tell; what cannot be read stays unknown.
 */
void proc__describe(pid_t pid, struct record_target *t);

/* What is to be seen of a QEMU from outside. */
struct emulator_state {
	bool incoming;          /* started to receive a guest */
	pid_t migration_thread; /* where threads have names (-name debug-threads=on); else 0 */
};

void proc__emulator_state(pid_t pid, struct emulator_state *out);

/* What the thread sends the guest's memory for, by its name. */
enum sender_thread proc__sender(pid_t tid);

/* Is it a thread of "pid" that does not end? */
bool proc__thread_lives(pid_t pid, pid_t tid);

/* Does the process have a file of that descriptor? */
bool proc__has_descriptor(pid_t pid, int fd);

/* Does its first thread wait for descriptors, as in a main loop? */
bool proc__waits(pid_t pid);

/* Does the process run an emulator, by the name of its program? */
bool proc__is_emulator(pid_t pid);

/* The whole of /proc/PID/NAME, to be freed; *len gets its length. NULL with errno set. */
char *proc__read(pid_t pid, const char *name, size_t *len);

/* A copy of "size" bytes of its memory, to be freed; NULL if they are not all there. It is read
 * through /proc/PID/mem: process_vm_readv() would make us one who reaches into targets. */
void *proc__read_memory(pid_t pid, uint64_t address, size_t size);

/* Thread group of "pid", or -ESRCH. */
pid_t proc__tgid(pid_t pid);

/* Does a thread of "pid" besides the first live on? Not one that is about to end as well. */
bool proc__others_live(pid_t pid);

/* True while the machine has swap. */
bool proc__has_swap(void);

/* Of this boot of the host; NULL where it cannot be read. Static. */
const char *proc__boot_id(void);

/* Do programs have huge pages that did not ask for them? */
bool proc__huge_always(void);

/* Most pages that one fault in private memory allocates: those of a huge page, unless the machine
 * gives none. */
int64_t proc__pages_of_fault(void);

/* "none", "integrity", "confidentiality"; NULL where the kernel does not say. Static. */
const char *proc__lockdown(void);

#endif
