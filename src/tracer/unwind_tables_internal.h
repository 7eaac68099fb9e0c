/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What unwind_tables.c and unwind_room.c share of struct unwind_tables.
 */
#ifndef MIGPOP_TRACER_UNWIND_TABLES_INTERNAL_H
#define MIGPOP_TRACER_UNWIND_TABLES_INTERNAL_H

#include "tracer/ranges.h"
#include "tracer/unwind_modules.h"
#include "tracer/unwind_tables.h"

struct code_process {
	pid_t pid;
	struct unwind_mapping *mappings; /* first_row is filled in when they are handed over */
	struct unwind_module **modules;
	size_t n;
	char *text;           /* of /proc/PID/maps, which they were read from */
	size_t first, handed; /* where they are in the kernel's array; 0 handed: nowhere */
	bool no_room;         /* there was none for them */
	unsigned int nr_told; /* files that cannot be read, which somebody was told of */
	bool asks;            /* for room that has come back */
};

struct unwind_tables {
	struct unwind_modules modules;
	struct code_process *processes;
	size_t nr_processes;
	struct unwind_maps maps;
	struct ranges rows, mappings;
	size_t rows_used;   /* of modules that some process has mapped */
	size_t rows_failed; /* and what they were when there was no room for one last */
	u64 idle_clock;
	struct unwind_reading *reading; /* the files of which are not read yet; or NULL */
	int done_fd; /* an eventfd where they are read in the background, once handed over; else -1
		      */
};

/* A process has mapped the module, or has it no more. */
void unwind_module__hold(struct unwind_tables *t, struct unwind_module *m);
void unwind_module__drop(struct unwind_tables *t, struct unwind_module *m);

/* Puts the rows of a module that was read into the kernel's array, in place of such as no process
 * has mapped if that is full. Where there is no room "m" says so by its end; true if that is new.
 */
bool unwind_room__place(struct unwind_tables *t, struct unwind_module *m);

/* Takes room for "n" mappings. 0, or a negative errno. */
int unwind_room__take_mappings(struct unwind_tables *t, size_t n, size_t *first);

/* Forgets the module at "i", which no process has mapped. */
void unwind_room__forget(struct unwind_tables *t, size_t i);

/* Is it worth reading again those modules that had no room? Marks them. */
bool unwind_room__has_come_back(struct unwind_tables *t);

/* Forgets modules that no process has mapped, the oldest first, beyond a number of them. */
void unwind_room__trim(struct unwind_tables *t);

#endif
