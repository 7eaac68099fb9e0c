/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory that the tests of libmigfix work on: each kind in each state, read and counted without
 * touching it. Must not know libmigfix: it is what the library is held against.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../trace/routes/route.h"

enum memory_kind {
	MEMORY_ANON,
	MEMORY_ANON_SHARED,
	MEMORY_MEMFD,
	MEMORY_TMPFS,
	MEMORY_FILE,
	MEMORY_MEMFD_PRIVATE,
	MEMORY_FILE_PRIVATE,
	MEMORY_HUGETLB_MEMFD,
	MEMORY_HUGETLB_ANON,
	MEMORY_HUGETLB_1G,
	MEMORY_KINDS,
};

enum memory_state {
	STATE_PLAIN,
	STATE_PARTLY,    /* some pages have content before anybody looks */
	STATE_TOUCHED,   /* all have */
	STATE_POPULATED, /* by MADV_POPULATE_WRITE */
	STATE_FALLOCATED,
	STATE_LOCKED, /* on fault: so there are holes */
	STATE_PINNED, /* which nobody can see: it must be told */
	STATE_UFFD_MISSING,
	STATE_UFFD_WP,
	STATE_SEALED,
	STATE_THP,
	STATE_TWO_MAPPINGS,
	STATE_FORKED, /* a child has the same pages, and checks its own at the end */
	STATE_READ_ONLY,
	STATE_NO_FD, /* there is one, but it is not told */
	MEMORY_STATES,
};

struct memory {
	enum memory_kind kind;
	enum memory_state state;
	size_t page;  /* bytes of a page of this memory */
	size_t pages; /* of the region */
	char *map;    /* guard, region, guard; the guards have content */
	size_t guard, size;
	char *region;
	char *writable; /* a mapping of the whole that can be written to, maybe another one */
	char *observer; /* of the whole, to look at what is populated; NULL: none */
	int fd;         /* -1: none */
	bool fd_told;   /* the owner of the memory knows fd */
	int uffd, uffd_stop[2];
	pthread_t uffd_thread;
	pid_t child;
	int child_pipe[2];
};

const char *memory_kind_name(enum memory_kind kind);
const char *memory_state_name(enum memory_state state);
bool memory_possible(enum memory_kind kind, enum memory_state state);

/* Huge pages needed at most, of their size, for one memory of this kind. */
size_t memory_huge_pages(enum memory_kind kind);

/* Content of what is populated at first is from "seed"; fails the program if it cannot. */
void memory_make(struct memory *memory, enum memory_kind kind, enum memory_state state,
		 uint64_t seed);
/* False: what a child kept has changed. */
bool memory_free(struct memory *memory);

bool memory_is_hugetlb(const struct memory *memory);
bool memory_is_shmem(const struct memory *memory);   /* also without an fd at hand */
bool memory_is_private(const struct memory *memory); /* mapping of a file */
/* Pages that take memory belong to the mapping, not to a file: it is anonymous or private. */
bool memory_has_own_pages(const struct memory *memory);
/* The file below a private mapping. */
void memory_read_file(const struct memory *memory, uint64_t off, uint64_t len, uint8_t *to);

/* A second mapping of shared memory, through which populated pages can be read without a change to
 * the one that is tested. Of no use where pages are swapped out: those mapped twice are not. */
void memory_observe(struct memory *memory);
/* "off" of the whole, where what is populated can be read; NULL: only by memory_read(). */
const uint8_t *memory_peek(const struct memory *memory, uint64_t off);

/* [off, off + len) of the whole, guards included, without populating or mapping any of it. */
void memory_read(const struct memory *memory, uint64_t off, uint64_t len, uint8_t *to);

/* Pages of the whole that take memory (or swap), by the kernel's own count; which is one call,
 * however many they are, unless the memory has pages of its own. */
size_t memory_count(const struct memory *memory);
/* The same of each page [first, first + count) of the region; what was allocated by fallocate() and
 * never written shows as none. */
void memory_populated(const struct memory *memory, size_t first, size_t count, uint8_t *populated);
/* Whether this process would not fault. */
void memory_present(const struct memory *memory, size_t first, size_t count, uint8_t *present);

/* An fd of the shared memory at addr, though nobody kept one. Skips without the privilege. */
int memory_reopen(const void *addr);

#endif
