/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a record is made from beside two snapshots: plain data that the collector has gathered.
 * Whoever fills a struct facts keeps what it points to until the record is made.
 */
#ifndef MIGPOP_BOOKS_FACTS_H
#define MIGPOP_BOOKS_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counters.h"
#include "names.h"
#include "record.h"
#include "shared/window.h"

/* What a backing held when somebody looked at its content. Pages. */
struct look {
	struct backing_key key;
	int64_t looked_pages; /* pages looked at: all that could be there, or a sample of them */
	int64_t zero_pages;   /* at least so many pages of the backing were there and zero */
};

struct facts_target {
	u32 pid;
	bool stands_at_end; /* its figures in the closing snapshot are exact, and of its end */
	const struct record_target *described;
	const struct look *looks;
	size_t nr_looks;
};

/* The name of a thread; a process is its first thread. */
struct thread_name {
	u32 tid;
	char *comm;
};

/* A phase begins, and the one before it ends. */
struct phase_mark {
	u64 ns; /* CLOCK_BOOTTIME */
	enum phase phase;
	u32 round;
};

struct facts {
	const struct facts_target *targets;
	size_t nr_targets;
	enum window_reason opened_by, closed_by;
	const char *closed_by_text; /* for people; NULL: the words of closed_by */
	enum mode mode;
	int stack;     /* enum stack_kind */
	bool windowed; /* the only target has a window of its own, and others are counted, too */
	bool counts_files; /* the tracer sees who fills the page cache of ordinary files */
	const struct window *migration; /* the migration that the window was; NULL: it was none, or
					   is not over */
	enum migration_outcome outcome; /* how it ended, as far as anybody knows */
	/* As in the record: how long the migration went on, and what it populated, before the
	 * window opened. */
	int64_t late_ns, late_pages;
	/* Pages by which the kernel's figures of private memory may be off: "slack" at each edge of
	 * the window, "slack_now" if the target lives and the figures are those of /proc. */
	int64_t slack, slack_now;
	int64_t pages_of_fault; /* at most so many pages does one fault in private memory allocate;
				   at least 1 */
	int64_t waiting;        /* at most so many pages that are let go wait to be freed */
	int64_t page_size;      /* bytes */
	/* The host, the tool, and when the window opened, as the record has them; NULL: unknown. */
	const char *host_name, *host_boot_id, *host_kernel, *host_arch, *host_lockdown;
	const char *tool_version, *started_at;
	const struct chain_row *chains; /* of all numbers in the closing snapshot, in their order */
	size_t nr_chains;
	/* Names of threads that live and are in the closing snapshot, and of processes that are not
	 * targets, in the order of their ids. */
	const struct thread_name *names;
	size_t nr_names;
	const struct phase_mark *phases; /* in the order of time */
	size_t nr_phases;
	const struct record_tick *ticks;
	size_t nr_ticks;
};

/* NULL if it is not known. */
const struct chain *facts__chain(const struct facts *f, s32 number);
const char *facts__thread_name(const struct facts *f, u32 tid);

/* True if process "pid" is a target; others are met where they populate the memory of one. */
bool facts__is_target(const struct facts *f, u32 pid);

#endif
