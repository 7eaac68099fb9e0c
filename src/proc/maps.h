/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one parser of /proc/PID/maps and /proc/PID/smaps. A process chooses how many mappings it has
 * and what its files are called, so that a walk over them has a budget, and each number and each
 * path has a checked length. The parser must not know what a mapping is looked for.
 */
#ifndef MIGPOP_PROC_MAPS_H
#define MIGPOP_PROC_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { MAPS_PATH_MAX = 4096 }; /* bytes, with the terminating 0 */

/* What one line of maps says. */
struct maps_line {
	uint64_t start, end; /* start < end */
	uint64_t offset, inode;
	uint32_t major, minor;
	char perms[5]; /* "rw-p"; the last letter is 's' for a shared mapping */
	bool deleted;  /* the file has no name any more; " (deleted)" is not in the path */
	bool path_cut; /* the path is longer than MAPS_PATH_MAX - 1: "path" is empty */
	/* "" for anonymous memory. A newline in the name, which the kernel writes as \012, is a
	 * newline again. */
	char path[MAPS_PATH_MAX];
};

/* Parses a line of "len" bytes, without its newline. Returns false if the line has not the form
 * that fs/proc/task_mmu.c gives it; *out is then undefined. */
bool maps_line__parse(struct maps_line *out, const char *line, size_t len);

/* What one walk may take from a process. The walk ends before it would take more. */
struct maps_budget {
	size_t bytes;
	size_t mappings;
};

/* The budget of whoever has no reason for another: as many mappings as the kernel lets a process
 * have (vm.max_map_count, 65,530 by default), with paths of common length. */
extern const struct maps_budget maps_budget;

/* A walk over the mappings of a process, by ascending address. */
struct maps {
	struct maps_line now; /* the mapping that maps__next() has come to */
	int64_t swap_kb;      /* of this mapping, if smaps is read; else -1 */
	bool cut;             /* the budget was used up: there are more mappings */
	size_t malformed;     /* lines that were no mappings, and were left out */
	int err;              /* a negative errno: reading failed, and the walk has ended */

	/* The rest is the walk's own. */
	struct maps_budget left;
	int fd; /* -1: the text is all there is */
	char *buffer;
	const char *text;
	size_t at, len;
	bool skips; /* the rest of a line that is longer than the buffer follows */
};

/* Begins a walk over /proc/PID/NAME, where "name" is "maps" or "smaps". Returns 0 or a negative
 * errno; call maps__close() in either case. */
int maps__open(struct maps *m, pid_t pid, const char *name, const struct maps_budget *budget);

/* Begins a walk over "len" bytes of text that was read before. The text is not changed, and must
 * stay until the walk has ended. It needs no maps__close(). */
void maps__open_text(struct maps *m, const char *text, size_t len,
		     const struct maps_budget *budget);

/* Goes to the next mapping. Returns false at the end of the walk. */
bool maps__next(struct maps *m);

void maps__close(struct maps *m);

/* Copies /proc/PID/maps, for the caller to free: whole lines, of no more bytes than the budget has.
 * Sets *len, and *cut if there were more lines. Returns NULL with errno set; the text is empty if
 * the process is a kernel thread, or has ended and was not waited for yet. */
char *maps__read(pid_t pid, const struct maps_budget *budget, size_t *len, bool *cut);

#endif
