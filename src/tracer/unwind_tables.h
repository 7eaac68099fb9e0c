/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the unwinder in the kernel looks up: rows of call frame information of the files that
 * targets execute, and where each process has mapped them. Kept up to date while tracing.
 */
#ifndef MIGPOP_TRACER_UNWIND_TABLES_H
#define MIGPOP_TRACER_UNWIND_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "shared/row.h"
#include "shared/types.h"
#include "tracer/grace.h"
#include "tracer/raw_stacks.h"

struct unwind_tables;

/* What there was no room for. */
struct unwind_lack {
	pid_t pid;
	const char *table; /* static: "rows" or "mappings" */
	const char *path;  /* rows: of the file; else NULL */
	size_t wanted, used, size;
};

/* The BPF side: arrays that are mapped into this process, and the map of processes. */
struct unwind_maps {
	struct unwind_row *rows;
	size_t max_rows;
	struct unwind_mapping *mappings;
	size_t max_mappings;
	int processes_fd;
	u64 *generation;
	const struct grace *grace;
	/* Is told once of a file or a process for which there is no room; or NULL. */
	void (*lacks)(const struct unwind_lack *lack, void *data);
	/* Is told once of a file that a process executes and that cannot be opened or read, why
	 * not as a negative errno; or NULL. */
	void (*unreadable)(pid_t pid, const char *path, int err, void *data);
	void *data;
};

/* NULL without memory. */
struct unwind_tables *unwind_tables__new(void);
void unwind_tables__free(struct unwind_tables *t);

/* Reads the mappings of a process, in place of those known. 0, or a negative errno. */
int unwind_tables__scan(struct unwind_tables *t, pid_t pid);

/* How large the maps should be for what was scanned, with room for what may be mapped later; and,
 * if "programs", for programs yet to be started: as many as the host is likely to run. */
void unwind_tables__sizes(const struct unwind_tables *t, bool programs, size_t *rows,
			  size_t *mappings);

/* Reads the rows of what was scanned in threads of its own, until unwind_tables__publish(). */
void unwind_tables__begin_reading(struct unwind_tables *t);

/* From now on rows are read in the background: a process has its mappings read before its rows are there, and
 * the descriptor that is returned (owned by "t"), or a negative errno, becomes readable when
 * unwind_tables__take_read() is to be called. True from that: rows are there that were not. */
int unwind_tables__read_in_background(struct unwind_tables *t);
bool unwind_tables__take_read(struct unwind_tables *t);

/* The same at once: what is being read is waited for. */
void unwind_tables__wait_read(struct unwind_tables *t);

/* Hands all that was scanned to the kernel. 0, or a negative errno. */
int unwind_tables__publish(struct unwind_tables *t, const struct unwind_maps *maps);

/* A process's mappings have changed, or it is new: reads and hands over what it has now. One that
 * is gone is forgotten. 0, or a negative errno. */
int unwind_tables__read_mappings(struct unwind_tables *t, pid_t pid);

/* The same, where the process's mappings are not those known. */
int unwind_tables__refresh(struct unwind_tables *t, pid_t pid);

/* The same for every process known: changes were missed. */
void unwind_tables__read_all_mappings(struct unwind_tables *t);

/* A process is gone. */
void unwind_tables__forget(struct unwind_tables *t, pid_t pid);

/* Forgets all processes that are gone. */
void unwind_tables__sweep(struct unwind_tables *t);

/* How full the maps are: by what processes have mapped that are known. */
struct unwind_fill {
	size_t rows, max_rows, mappings, max_mappings;
};
void unwind_tables__fill(const struct unwind_tables *t, struct unwind_fill *fill);

/* What a process executes, for stacks that are unwound here; valid until its mappings are read again. False
 * if that is not known. */
bool unwind_tables__code(struct unwind_tables *t, pid_t pid, struct raw_code *code);

#endif
