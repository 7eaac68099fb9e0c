/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the route programs share. A route is one way for a page to come into (or leave) memory; its
 * program takes that way an exact number of times, checks with the kernel that it did, and prints
 * what a tracer must have found. The grammar of what it prints is on top of ../check/main.c.
 * Nothing here knows the tracer.
 */
#ifndef ROUTE_H
#define ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the record names memory of route_memfd(). */
#define OF_MEMFD "kind=shmem name=memfd:route"
#define OF_ANON  "kind=anon"
#define OF_DISK  "kind=file name=route.*" /* of temp_file(), hole_file() */

#define HUGE_SIZE (2UL << 20)

enum route_flags {
	ROUTE_ANY_CPU = 1, /* do not pin to one CPU: it is about a race */
	ROUTE_THP = 2,     /* leave transparent huge pages as the system has them */
};

struct route {
	/* Arguments are those of the command line that are not options, the first is argv[0]. */
	void (*run)(int argc, char **argv);
	/* The role outside the traced tree, or NULL. Ends when the socket does. */
	void (*peer)(int sock);
	unsigned int flags;
};

/* Each program defines this one. */
extern const struct route route;

extern size_t page_size;

/* Ends the program: exit status 1 and 77. Both say why. */
_Noreturn void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Prints one expectation: "COLUMN NUMBER [KEY=VALUE…] [unless-null]". */
void expect(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Fails unless the kernel's own figure is the one that the route was written for. */
void check_equal(const char *what, long found, long expected);

/* Fails with strerror unless ok. */
void check_call(const char *what, bool ok);

/*
 * The innermost frames of user faults: their names are in the record. touch_again is touch_read
 * under another name, for memory that has been touched before.
 */
void touch_read(const volatile char *mem, size_t pages);
void touch_write(volatile char *mem, size_t pages);
/*
 * Pages that were populated a moment ago wait in per-CPU batches for the LRU, which hold
 * references: those few are given back later than asked. Without them the counts are exact.
 */
void drain_lru_batches(void);

void touch_again(const volatile char *mem, size_t pages);

/* Memory. All of it is fresh, none of it is populated; each fails the program if it cannot. */
int route_memfd(size_t pages);
int named_memfd(const char *name, size_t pages, unsigned int flags);
char *map_shared(int fd, size_t pages);
char *map_private(int fd, size_t pages);
char *map_anon(size_t pages);
char *map_anon_aligned(size_t pages, size_t align);

/* A new file of that many pages in TMPDIR, already unlinked, its content not zero, clean on disk.
 */
int temp_file(size_t pages);

/* The same, but all of it is a hole, on a disk; or skips. */
int hole_file(size_t pages);

/* Fails unless so many of the pages are in the page cache; skips if the kernel has reclaimed some,
 * as it may do with clean pages at any time. */
void check_cached(void *mem, size_t pages, long expected);

/* Empties the page cache of a file that is mapped at "mem" and was not touched there; or skips. */
void file_forget(int fd, const void *mem, size_t pages);

bool is_tmpfs(int fd);

/* The kernel's own figures, in base pages. */
long memfd_pages(int fd);                             /* st_blocks */
long smaps_pages(const void *mem, const char *field); /* one mapping's line of smaps */
/* By mincore: in memory, be it mapped, in the page cache or in the swap cache. */
long pages_present(void *mem, size_t pages);
long minor_faults(void); /* of this thread */
long major_faults(void);

/* Changes a file under /proc/sys or /sys and puts it back at exit; false if it cannot. */
bool setting_set(const char *path, const char *value);
bool setting_get(const char *path, char *value, size_t size);

/* Reserves huge pages until exit, or skips. */
void hugetlb_need(size_t huge_pages);

/* Anonymous memory, aligned and advised for transparent huge pages; skips where there are none. */
char *map_thp(size_t pages);
/* Skips unless the kernel had a huge page for each of those that were touched. */
void thp_need_all(const char *mem, size_t pages);

/* Can memory be paged out on this machine? */
bool swap_is_on(void);

/* Room for that many pages in swap until exit, on a file of its own if none is on; or skips. */
void swap_need(size_t pages);

/* MADV_PAGEOUT until all of it is in swap; some or all may be in the swap cache as well. */
void page_out(char *mem, size_t pages);

/*
 * The same, and out of the swap cache, or skips. What is populated after reclaim_prepare() can be
 * reclaimed; without it only swap in memory (zram) will do.
 */
void reclaim_prepare(void);
void page_out_of_memory(char *mem, size_t pages);

/* After reclaim_prepare(): what is populated beyond that many pages makes others go; or skips. */
void memory_limit(size_t pages);

/* Runs fn(0) … fn(threads - 1) at once; all start together. */
void run_threads(size_t threads, void (*fn)(size_t index));

/* What a target and its peer say to each other; an fd may go with it (or -1). */
struct peer_message {
	uint64_t op;
	uint64_t addr;
	uint64_t pages;
};

int peer_connect(int argc, char **argv);
void peer_send(int sock, const struct peer_message *msg, int fd);
/* Returns false at the end of the conversation. */
bool peer_receive(int sock, struct peer_message *msg, int *fd);
/* Sends and waits for the answer, which must be the same operation. */
void peer_ask(int sock, const struct peer_message *msg, int fd);
int peer_pid(int sock);
int peer_main(const char *path, void (*serve)(int sock));

#endif
