/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that processes have mapped to execute, each with its rows of call frame information:
 * read once, shared by all processes that map it. Knows nothing of BPF maps.
 */
#ifndef MIGPOP_TRACER_UNWIND_MODULES_H
#define MIGPOP_TRACER_UNWIND_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "reader/client.h"
#include "shared/chain.h"
#include "shared/types.h"
#include "symbol/cfi.h"
#include "symbol/code_mapping.h"
#include "symbol/elf_headers.h"

/* Rows in the kernel's array. Copies of a file, as containers have, share theirs. */
struct unwind_place {
	size_t first, n;
	size_t modules; /* that have these rows, */
	size_t used;    /* and those of them that some process has mapped */
};

struct unwind_module {
	struct stat st; /* dev, inode and ctime are its identity; inode 0: in no file */
	char *path;     /* as the process that had it first sees it, for people; "" if in no file */
	struct elf_headers headers;
	int fd;      /* until it is read; -1 then */
	void *image; /* vDSO: a copy of it, in place of fd */
	size_t image_size;
	struct cfi_table table; /* once read, until it is placed */
	u32 end;   /* enum chain_end of chains that reach it; CHAIN_COMPLETE: it has rows */
	int err;   /* CHAIN_UNREADABLE_FILE: a negative errno; */
	bool told; /* and somebody was told */
	struct unwind_place *place; /* NULL: none */
	size_t wanted;              /* CHAIN_NO_ROOM: so many rows */
	u64 base;
	size_t users;   /* mappings of processes that are known */
	u64 idle_since; /* no users: which came to have none before which */
	bool read, placed;
	bool reading; /* by threads, from "fd" or "image": it is not to be forgotten */
	bool again;   /* it had no room, and is to be read once more */
};

struct unwind_modules {
	struct unwind_module **v;
	size_t n;
	struct reader *reader; /* of headers; NULL: it is made when it is needed */
};

/* Starts the processes that open and read files, so that they are there when they are needed. */
void unwind_modules__begin(struct unwind_modules *m);
void unwind_modules__free(struct unwind_modules *m);

/* The module of a mapping of "pid", opened where it is new or to be read again. NULL without
 * memory. */
struct unwind_module *unwind_modules__get(struct unwind_modules *m, pid_t pid,
					  const struct code_mapping *mapping);

/* Forgets the module at "i". Its place is the caller's. */
void unwind_modules__remove(struct unwind_modules *m, size_t i);

/* Reads the rows of all modules that have not been read, on two threads. */
void unwind_modules__read(struct unwind_modules *m);

/* The same in the background: "done_fd", an eventfd or -1, becomes readable when the modules can be
 * read to the end without waiting. None of them counts as read before that. NULL where there is
 * nothing to be read, or no memory. */
struct unwind_reading;
struct unwind_reading *unwind_modules__begin_reading(struct unwind_modules *m, int done_fd);
void unwind_modules__end_reading(struct unwind_reading *r);

/* The address of PC 0 of the module's rows, where "mapping" is of it; false if none of its
 * executable segments lies there. */
bool unwind_module__base(const struct unwind_module *m, const struct code_mapping *mapping,
			 u64 *base);

#endif
