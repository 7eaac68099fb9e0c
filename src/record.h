/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record: what one traced window was found to be, as plain data. Collectors fill it, renderers
 * read it; it knows neither BPF nor any output format. Its members are named as in the JSON schema
 * "migpop.record/2". Counts are in base pages.
 */
#ifndef MIGPOP_RECORD_H
#define MIGPOP_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "names.h"

#define RECORD_SCHEMA   "migpop.record/2"
#define RECORD_SCHEMA_1 "migpop.record/1" /* is still read */

/* A count that a mode may be unable to know: rendered as null, never as 0. */
#define RECORD_UNKNOWN INT64_MIN

/* All strings below are owned by the record (malloc) and may be NULL: rendered as null. */
struct record_frame {
	char *module;    /* path of the mapped file, "[vdso]", or NULL */
	char *build_id;  /* lower-case hex */
	uint64_t offset; /* from the module's load address; the address itself without a module */
	char *symbol;    /* nearest ELF symbol at or below, NULL where there is none */
	char *function;  /* what to show: symbol, "fn+0x986b10" for a stripped function, or NULL */
	char *file;      /* of the source, where DWARF is at hand; else NULL */
	uint32_t line;   /* in it; 0 where not known */
	bool inlined;    /* into the next frame, which has the same offset */
};

struct record_frames {
	struct record_frame *v; /* innermost first */
	size_t n;
};

struct record_backing {
	char *name;           /* "memfd:ram0", "[heap]", a path */
	const char *kind;     /* static: shmem, anon, hugetlb, file */
	uint64_t inode;       /* 0 for anonymous memory */
	char *ram_block;      /* QEMU's memory-backend id, NULL if not one */
	bool shared;          /* shmem and hugetlb: pages of the file itself */
	int64_t length_pages; /* of the RAM block; RECORD_UNKNOWN where not known */
	int64_t numa_node;    /* the guest's that the RAM block is; RECORD_UNKNOWN: none */
	int64_t populated_pages;
	int64_t zero_populated_pages;
	/* At least that many were populated otherwise than by reading a hole, and were zero when
	 * the window closed; of looked_pages that were looked at, a sample of all. Both are
	 * RECORD_UNKNOWN where nobody looked. */
	int64_t zero_written_pages, looked_pages;
	int64_t released_pages;
};

struct record_callsite {
	char *category; /* "zero-page", ... by the rules file; "other" where no rule matches */
	enum record_access access;
	enum record_context context;
	char *syscall; /* "fallocate", "io_uring worker", NULL outside of system calls */
	uint32_t pid;
	char *comm; /* of a process that is no target: who else populated its memory */
	int64_t faults;
	int64_t populated_pages;
	int64_t zero_populated_pages;
	int64_t zero_written_pages; /* at least; RECORD_UNKNOWN where nobody looked */
	int64_t released_pages;
	int64_t fault_ns; /* RECORD_UNKNOWN in tracepoint mode */
	struct record_backing *backing;
	size_t nr_backing;
	const char *chain_end; /* static: "complete", or why it stops early; NULL without a chain */
	struct record_frames frames;
};

struct record_accounting {
	const char *kind; /* static: shmem, anon, hugetlb, file, page-tables */
	char *name;
	uint64_t inode;
	uint32_t pid;              /* whose, for anon and page-tables; 0 else */
	int64_t traced_pages;      /* populated - released; RECORD_UNKNOWN where not traced */
	int64_t kernel_pages;      /* growth by the kernel's own figure */
	int64_t residual_pages;    /* kernel - traced */
	int64_t uncertainty_pages; /* what moved as the window opened, and as it closed */
};

struct record_advice {
	const char *call; /* static: madvise, fallocate, munmap, ftruncate, ... */
	const char
		*behavior; /* static: MADV_REMOVE, FALLOC_FL_PUNCH_HOLE, ...; NULL if it has none */
	uint32_t pid;
	int64_t calls;
	int64_t failed;
	const char *error; /* static: name of the errno of the failed calls, NULL if none failed */
	int64_t bytes;     /* asked for */
	int64_t released_pages;
	const char *chain_end; /* as in call sites */
	struct record_frames frames;
};

/* One without an id stands for those of which no thread is told: gone when there was no room for
 * more, or of processes that are no targets. */
struct record_thread {
	uint32_t pid, tid;
	char *comm; /* as it was called last, NULL where not known */
	int64_t faults;
	int64_t populated_pages;
	int64_t zero_populated_pages;
	int64_t released_pages;
};

struct record_tick {
	uint64_t t_ns; /* since start_ns */
	int64_t faults;
	int64_t populated_pages;
	int64_t released_pages;
	int64_t rss_pages;
};

/* A phase of the migration, as far as it could be told: those that are not are not there. */
struct record_phase {
	const char
		*name;  /* static: setup, precopy, downtime, postcopy; incoming: what a destination
			   is sent before postcopy; stopped: the guest of a source runs no more */
	uint32_t round; /* of precopy and downtime: which pass over dirty pages; 0 where unknown */
	uint64_t begin_ns, end_ns; /* since start_ns */
};

struct record_count {
	char *name;
	int64_t n;
};

/* A table of the tracer that was out of room in the window. */
struct record_room {
	enum record_table table;
	int64_t pages; /* populated, that lack what would have been in it */
	char *module;  /* file of the program or library concerned, NULL if of no one */
};

struct record_target {
	uint32_t pid;
	char *comm;
	char *exe;
	char *build_id;
	char **cmdline;
	size_t nr_cmdline;
	char *guest;                  /* QEMU's -name guest=, NULL if none */
	char *uuid;                   /* of the guest, NULL if none was given */
	int64_t uid;                  /* of the process; RECORD_UNKNOWN where it is gone */
	char *cgroup;                 /* path in the cgroup hierarchy of version 2 */
	char *pod_uid, *container_id; /* by its cgroup, NULL if in none */
	char *vmm_name, *vmm_version, *vmm_package;
	int64_t ram_bytes; /* the guest's memory, without what could be plugged in later */
	int64_t rss_pages_before, rss_pages_after; /* resident, at both edges of the window */
};

/* What migration the window was of. All unknown where it was of none. Times and bytes are QEMU's
 * own figures: RECORD_UNKNOWN without a monitor. */
struct record_migration {
	enum migration_role role;
	enum migration_outcome outcome;
	enum migration_transport transport;
	enum migration_purpose purpose;
	int64_t total_ms, downtime_ms, setup_ms;
	int64_t transferred_bytes;
	int64_t rounds; /* of precopy */
};

struct record {
	char *tool_version;
	char *started_at; /* start_ns by the clock of the wall, RFC 3339 in UTC */
	char *host_kernel, *host_arch, *host_lockdown;
	char *host_name, *host_boot_id;
	uint32_t host_page_size;
	const char *mode;  /* static: fentry, kprobe, tracepoint */
	const char *stack; /* static: cfi, fp, none */
	struct record_target
		*target; /* the schema's "target" is the first, "targets" all of them */
	size_t nr_target;
	struct record_migration migration;
	enum window_reason opened_by, closed_by;
	char *opened_by_text, *closed_by_text; /* for people */
	uint64_t start_ns, end_ns;             /* CLOCK_BOOTTIME */
	/* By how much the migration began before the window, and pages of files that the kernel
	 * allocated in that time: nobody knows for whom. */
	int64_t late_ns, late_pages;
	struct {
		int64_t faults, faults_user, faults_kernel;
		int64_t populated_pages, zero_populated_pages, zero_written_pages;
		int64_t mapped_pages, released_pages;
		int64_t advice_calls, advice_bytes;
	} totals;
	struct record_accounting *accounting;
	size_t nr_accounting;
	struct {
		int64_t events, stacks, truncated_stacks;
		struct record_count *unwind_errors; /* by kind */
		size_t nr_unwind_errors;
		struct record_count *kinds; /* what "events" consists of, by kind */
		size_t nr_kinds;
		struct record_room *room;
		size_t nr_room;
		enum loss verdict;       /* of all this: record__judge_losses() */
		int64_t chainless_pages; /* populated at call sites whose chain is not whole */
	} lost;
	struct record_callsite *callsites;
	size_t nr_callsites;
	struct record_backing *backing; /* sums over the callsites, RAM blocks first */
	size_t nr_backing;
	struct record_advice *advice;
	size_t nr_advice;
	struct record_thread *threads; /* that faulted, populated or released */
	size_t nr_threads;
	struct record_tick *timeline;
	size_t nr_timeline;
	struct record_phase *phases; /* one after the other */
	size_t nr_phases;
	struct {
		int64_t events, bpf_ns;
		double ns_per_event;    /* NAN where not measured, */
		double share_of_window; /* of one CPU's time; the same */
	} overhead;
};

/*
 * An empty record whose totals, losses and overhead are RECORD_UNKNOWN (NAN) until set. NULL
 * without memory.
 */
struct record *record__new(void);
void record__free(struct record *r);

/*
 * Room for one more element, zeroed, or RECORD_UNKNOWN in a target; NULL without memory. The
 * pointer is good until the next call. An array that these grow is grown by nothing else.
 */
struct record_callsite *record__add_callsite(struct record *r);
struct record_accounting *record__add_accounting(struct record *r);
struct record_advice *record__add_advice(struct record *r);
struct record_backing *record__add_backing(struct record *r);
struct record_backing *record_callsite__add_backing(struct record_callsite *c);
struct record_frame *record_frames__add(struct record_frames *f);
struct record_thread *record__add_thread(struct record *r);
struct record_tick *record__add_tick(struct record *r);
struct record_phase *record__add_phase(struct record *r);
struct record_target *record__add_target(struct record *r);
struct record_room *record__add_room(struct record *r);
/* All of it unknown. */
void record_target__init(struct record_target *t);
/* Frees what is in it, and makes it unknown. */
void record_target__clear(struct record_target *t);
/* 0, or -ENOMEM; to be cleared either way. "to" holds nothing before. */
int record_target__copy(struct record_target *to, const struct record_target *from);
/* Frees what is in it, which is not valid afterwards. */
void record_frames__clear(struct record_frames *f);
/* Add to the count of that kind; a loss goes into lost.events as well. */
int record__add_lost(struct record *r, const char *kind, int64_t n);
int record__add_unwind_error(struct record *r, const char *kind, int64_t n);

/* A count of which a negative value says that it is not known. */
int64_t record_count__of(int64_t n);

/* a + b: what is not known adds nothing, both unknown stay so, and it never overflows. */
int64_t record_count__sum(int64_t a, int64_t b);

/* Does a row of the books balance? What may have moved at an edge of the window is no fault of
 * theirs. */
enum record_books { RECORD_BOOKS_UNKNOWN, RECORD_BOOKS_BALANCE, RECORD_BOOKS_DO_NOT };
enum record_books record_accounting__books(const struct record_accounting *a);

/* Call sites by populated pages, then faults, largest first; backings with RAM blocks first. */
void record__sort(struct record *r);

#endif
