/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record: what was found in one traced window, as plain data. Collectors fill it and renderers
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
#define RECORD_SCHEMA_1 "migpop.record/1" /* can still be read */

/* A count that a mode cannot know. It is written as null, never as 0. */
#define RECORD_UNKNOWN INT64_MIN

/* The record owns all strings below (malloc), unless they are called static. They may be NULL,
 * which is written as null. */
struct record_frame {
	char *module;    /* path of the mapped file, "[vdso]", or NULL */
	char *build_id;  /* in lower-case hex */
	uint64_t offset; /* distance from the module's load address; the address itself without a
			    module */
	char *symbol;    /* nearest ELF symbol at or below the offset; NULL if there is none */
	char *function;  /* the name to show: the symbol, "fn+0x986b10" for a stripped function, or
			    NULL */
	char *file;      /* source file, if there is DWARF; else NULL */
	uint32_t line;   /* line in that file; 0 if not known */
	bool inlined;   /* inlined into the function of the next frame, which has the same offset */
	bool is_return; /* of a raw record, and not written: a call returns to the address, so that
			   the instruction before it is what is named */
};

struct record_frames {
	struct record_frame *v; /* innermost first */
	size_t n;
};

/* Where memory is: the RAM block is found by that. It is not written. */
struct record_place {
	uint32_t pid;   /* of private memory; 0 for pages of a file */
	uint32_t dev;   /* of the file, as the kernel numbers devices: major << 20 | minor; or 0 */
	uint64_t inode; /* of the file; 0 without one */
	uint64_t start; /* address of the first mapping that was seen of the memory; or 0 */
};

struct record_backing {
	char *name;           /* such as "memfd:ram0", "[heap]", or a path */
	const char *kind;     /* static: shmem, anon, hugetlb, file */
	uint64_t inode;       /* 0 for anonymous memory */
	char *ram_block;      /* id of QEMU's memory backend; NULL if the memory is not one */
	bool shared;          /* the pages are those of the file itself (shmem, hugetlb) */
	int64_t length_pages; /* length of the RAM block; RECORD_UNKNOWN if not known */
	int64_t numa_node;    /* NUMA node of the guest that the RAM block is memory of;
				 RECORD_UNKNOWN: none */
	int64_t populated_pages;
	int64_t zero_populated_pages;
	/* zero_written_pages: at least this many pages were populated otherwise than by reading a
	 * hole, and were zero when the window closed. looked_pages: how many were looked at, which
	 * may be a sample. Both are RECORD_UNKNOWN if nobody looked. */
	int64_t zero_written_pages, looked_pages;
	int64_t released_pages;
	struct record_place place;
};

struct record_callsite {
	char *category; /* "zero-page", … by the rules; "other" if no rule matches */
	enum record_access access;
	enum record_context context;
	char *syscall; /* "fallocate", "io_uring worker"; NULL outside system calls */
	uint32_t pid;
	char *comm; /* name of a process that is not a target, but populated memory of one; else
		       NULL */
	int64_t faults;
	int64_t populated_pages;
	int64_t zero_populated_pages;
	int64_t zero_written_pages; /* at least so many; RECORD_UNKNOWN if nobody looked */
	int64_t released_pages;
	int64_t fault_ns; /* RECORD_UNKNOWN in tracepoint mode */
	struct record_backing *backing;
	size_t nr_backing;
	const char *chain_end; /* static: "complete", or why the chain stops early; NULL without a
				  chain */
	struct record_frames frames;
};

struct record_accounting {
	const char *kind; /* static: shmem, anon, hugetlb, file, page-tables */
	char *name;
	uint64_t inode;
	uint32_t pid;              /* the process, for anon and page-tables; else 0 */
	int64_t traced_pages;      /* populated - released; RECORD_UNKNOWN if not traced */
	int64_t kernel_pages;      /* growth by the kernel's own figure */
	int64_t residual_pages;    /* kernel - traced */
	int64_t uncertainty_pages; /* pages that moved while the window opened or closed */
};

struct record_advice {
	const char *call;     /* static: madvise, fallocate, munmap, ftruncate, … */
	const char *behavior; /* static: MADV_REMOVE, FALLOC_FL_PUNCH_HOLE, …; or NULL */
	uint32_t pid;
	int64_t calls;
	int64_t failed;
	const char *error; /* static: name of the errno of the failed calls; NULL if none failed */
	int64_t bytes;     /* bytes that the calls asked for */
	int64_t released_pages;
	const char *chain_end; /* as in call sites */
	struct record_frames frames;
};

/* The row with tid 0 stands for threads that are not told apart: those for which the table had no
 * room, and those of processes that are not targets. */
struct record_thread {
	uint32_t pid, tid;
	char *comm; /* its last name; NULL if not known */
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

/* A phase of the migration. Phases that could not be told apart are left out. */
struct record_phase {
	/* static: setup, precopy, downtime, postcopy; incoming: what a destination receives before
	 * postcopy; stopped: the guest of a source does not run any more */
	const char *name;
	uint32_t round; /* for precopy, downtime: which pass over dirty pages; 0 if not known */
	uint64_t begin_ns, end_ns; /* since start_ns */
};

struct record_count {
	char *name;
	int64_t n;
};

/* A table of the tracer that had no room left in the window. */
struct record_room {
	enum record_table table;
	int64_t pages; /* populated pages whose data should have been in the table */
	char *module;  /* file of the program or library concerned; NULL if it concerns none */
};

struct record_target {
	uint32_t pid;
	char *comm;
	char *exe;
	char *build_id;
	char **cmdline;
	size_t nr_cmdline;
	char *guest;                  /* QEMU's -name guest=; NULL if there is none */
	char *uuid;                   /* of the guest; NULL if none was given */
	int64_t uid;                  /* of the process; RECORD_UNKNOWN if it is gone */
	char *cgroup;                 /* path in the cgroup hierarchy of version 2 */
	char *pod_uid, *container_id; /* found by the cgroup; NULL if the process is in none */
	char *vmm_name, *vmm_version, *vmm_package;
	int64_t ram_bytes; /* the guest's memory, without memory that can be plugged in later */
	/* resident pages when the window opened and when it closed */
	int64_t rss_pages_before, rss_pages_after;
};

/* The migration that the window was about. All of it is unknown if there was none. Times and bytes
 * are QEMU's own figures: RECORD_UNKNOWN without a monitor. */
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
	char *started_at; /* start_ns as wall-clock time, RFC 3339 in UTC */
	char *host_kernel, *host_arch, *host_lockdown;
	char *host_name, *host_boot_id;
	uint32_t host_page_size;
	const char *mode;             /* static: fentry, kprobe, tracepoint */
	const char *stack;            /* static: cfi, fp, none */
	struct record_target *target; /* the first is the schema's "target" */
	size_t nr_target;
	struct record_migration migration;
	enum window_reason opened_by, closed_by;
	char *opened_by_text, *closed_by_text; /* for people */
	uint64_t start_ns, end_ns;             /* CLOCK_BOOTTIME */
	/* How long before the window the migration began, and how many pages of files the kernel
	 * allocated in that time. Nobody knows which call sites populated them. */
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
		struct record_count *unwind_errors; /* by the reason why the chain ended */
		size_t nr_unwind_errors;
		struct record_count *kinds; /* what "events" consists of */
		size_t nr_kinds;
		struct record_room *room;
		size_t nr_room;
		enum loss verdict;       /* the worst of all this, set by record__judge_losses() */
		int64_t chainless_pages; /* pages populated at call sites whose chain is not whole
					  */
	} lost;
	struct record_callsite *callsites;
	size_t nr_callsites;
	struct record_backing *backing; /* sums over the call sites; RAM blocks first */
	size_t nr_backing;
	struct record_advice *advice;
	size_t nr_advice;
	struct record_thread *threads; /* threads that faulted, populated or gave back pages */
	size_t nr_threads;
	struct record_tick *timeline;
	size_t nr_timeline;
	struct record_phase *phases; /* in the order of time */
	size_t nr_phases;
	struct {
		int64_t events, bpf_ns;
		double ns_per_event;    /* NAN if not measured */
		double share_of_window; /* share of one CPU's time; NAN if not measured */
	} overhead;
};

/*
 * Returns an empty record, whose totals, losses and overhead are RECORD_UNKNOWN or NAN until they
 * are set. NULL without memory.
 */
struct record *record__new(void);
void record__free(struct record *r);

/*
 * Add an element, zeroed, or RECORD_UNKNOWN in a target, and return it; NULL without memory. The
 * pointer is valid until the next call. Only these functions may grow these arrays.
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
/* Makes all members unknown. */
void record_target__init(struct record_target *t);
/* Frees the members and makes them unknown. */
void record_target__clear(struct record_target *t);
/* Copies *from. "to" owns nothing before. Returns 0 or -ENOMEM; clear "to" in either case. */
int record_target__copy(struct record_target *to, const struct record_target *from);
/* Frees the frames. *f cannot be used afterwards. */
void record_frames__clear(struct record_frames *f);
/* Add "n" to the count of a kind; a loss is added to lost.events as well. */
int record__add_lost(struct record *r, const char *kind, int64_t n);
int record__add_unwind_error(struct record *r, const char *kind, int64_t n);

/* Returns "n", or RECORD_UNKNOWN if "n" is negative. */
int64_t record_count__of(int64_t n);

/* Returns a + b. An unknown count adds nothing; the sum of two unknown counts is unknown. It never
 * overflows. */
int64_t record_count__sum(int64_t a, int64_t b);

/* Tells whether a row of the books balances. Pages that may have moved while the window opened or
 * closed do not count against it. */
enum record_books { RECORD_BOOKS_UNKNOWN, RECORD_BOOKS_BALANCE, RECORD_BOOKS_DO_NOT };
enum record_books record_accounting__books(const struct record_accounting *a);

/* Sorts call sites by populated pages, then faults, largest first, and backings with RAM blocks
 * first. */
void record__sort(struct record *r);

#endif
