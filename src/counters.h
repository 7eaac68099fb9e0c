/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was counted, and the kernel's figures beside it, at one instant: plain data, and how rows
 * are found, compared and added. It must know neither BPF's maps nor /proc, from which the data is
 * read.
 */
#ifndef MIGPOP_COUNTERS_H
#define MIGPOP_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "shared/chain.h"
#include "shared/counts.h"
#include "shared/keys.h"
#include "shared/loss.h"
#include "shared/process.h"
#include "shared/types.h"

struct site_row {
	struct site_key key;
	struct site value;
};

struct backing_row {
	struct backing_key key;
	struct backing value; /* pages_now is the kernel's figure when the row was read */
};

struct advice_row {
	struct advice_key key;
	struct advice value;
};

struct process_row {
	u32 tgid;
	struct process value;
};

struct thread_row {
	struct thread_key key;
	struct thread value;
	u64 events,
		sampled_ns; /* of a thread that lives: its events, and what the timed ones took */
};

/* A call chain and the number that keys of call sites and of advice have for it. */
struct chain_row {
	s32 number;
	struct chain chain;
};

/* The counters at one instant. Rows are sorted by key. */
struct counters {
	struct site_row *sites;
	size_t nr_sites;
	struct backing_row *backings;
	size_t nr_backings;
	struct advice_row *advice;
	size_t nr_advice;
	struct process_row *processes;
	size_t nr_processes;
	u64 lost[NR_LOST]; /* events whose process is not known */
	u64 missed; /* runs that the kernel skipped because the program was active on that CPU */
	struct thread_row *threads;
	size_t nr_threads;
	u64 events;
	u64 sampled_ns; /* what one in EVENTS_PER_SAMPLE of the events cost */
	u64 taken_ns;   /* CLOCK_BOOTTIME */
};

/* What /proc says of a target at one instant. If the process is gone, figures.known is 0 and rss
 * is -1. */
struct target_figures {
	struct figures
		figures; /* without what /proc does not tell: swapped, file, shmem, running */
	int64_t rss;     /* resident pages */
};

/* The counters, and the figures of each target at the same time. */
struct snapshot {
	struct counters counters;
	struct target_figures *figures; /* one for each target, in the targets' order */
	size_t nr_targets;
	/* What was pages_now of each of counters.backings a moment later; NULL if nothing was being
	 * counted, so that nobody read it again. */
	u64 *pages_again;
};

/* Frees the members and zeroes them. */
void counters__free(struct counters *c);
void snapshot__free(struct snapshot *s);

/* Removes all rows but those of process "pid", and of others in its memory, and computes events and
 * sampled_ns again. */
void counters__keep(struct counters *c, pid_t pid);

/* Adds what the processes and threads of "c" cost to its events and sampled_ns. */
void counters__add_costs(struct counters *c);

/* For bsearch() and qsort(): the order of the rows. A row begins with its key, so that these
 * compare rows, too. */
int site_key__compare(const void *a, const void *b);
int backing_key__compare(const void *a, const void *b);
int advice_key__compare(const void *a, const void *b);
int thread_key__compare(const void *a, const void *b);

/* Adds the counts of "add" to "to". */
void site__sum(struct site *to, const struct site *add);

/* True if the counts have events of which a record tells. */
bool site__counts(const struct site *s);

/* What a row has counted since "before", which may lack the row. */
struct site site_row__since(const struct site_row *row, const struct counters *before);
struct site thread_row__since(const struct thread_row *row, const struct counters *before);
struct advice advice_row__since(const struct advice_row *row, const struct counters *before);

/* Each of these returns NULL if there is no such row. */
const struct site_row *counters__find_site(const struct counters *c, const struct site_key *key);
const struct backing_row *counters__find_backing(const struct counters *c,
						 const struct backing_key *key);
const struct process *counters__find_process(const struct counters *c, u32 tgid);

/* Events that found no room in the table of "kind" (enum lost_kind). "windowed": only those of
 * processes that are known, since the others may be of somebody else's window. */
u64 counters__lost(const struct counters *c, int kind, bool windowed);

#endif
