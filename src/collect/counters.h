/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was counted, and the kernel's figures beside it, at one instant: plain data, and how rows
 * are found in it. Knows neither BPF's maps nor /proc.
 */
#ifndef MIGPOP_COLLECT_COUNTERS_H
#define MIGPOP_COLLECT_COUNTERS_H

#include <stddef.h>
#include <sys/types.h>

#include "shared/counts.h"
#include "shared/keys.h"
#include "shared/loss.h"
#include "shared/process.h"
#include "shared/types.h"

struct site_row {
	struct site_key key;
	struct site value;
};

/* Adds what was counted. */
void site__sum(struct site *to, const struct site *add);

struct backing_row {
	struct backing_key key;
	struct backing value; /* pages_now is the kernel's figure as of the reading */
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
	u64 events, sampled_ns; /* those that were timed took; of one that lives */
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
	u64 lost[NR_LOST]; /* of nobody known */
	u64 missed; /* runs that the kernel skipped since the program was active on that CPU */
	struct thread_row *threads;
	size_t nr_threads;
	u64 events;
	u64 sampled_ns; /* what one in EVENTS_PER_SAMPLE of them cost */
	u64 taken_ns;   /* CLOCK_BOOTTIME */
};

/* Leaves what "tgid" did, and what others did in its memory. */
void counters__keep(struct counters *c, pid_t tgid);
void counters__free(struct counters *c);

/* For bsearch() and qsort(): the order that rows are in. */
int site_key__compare(const void *a, const void *b);
int backing_key__compare(const void *a, const void *b);

/* NULL if there is none. */
const struct backing_row *counters__find_backing(const struct counters *c,
						 const struct backing_key *key);
const struct process *counters__find_process(const struct counters *c, u32 tgid);

/* What people call a backing, to be freed; "row" may be NULL. */
char *backing_key__name(const struct backing_key *key, const struct backing_row *row);

#endif
