/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the separate debug file of an ELF file: by build-id, by .gnu_debuglink, and from debuginfod
 * servers if the user asked for it. Unless the user did, it makes no network request. Reads none of
 * the files.
 */
#ifndef MIGPOP_SYMBOL_DEBUG_FILE_H
#define MIGPOP_SYMBOL_DEBUG_FILE_H

#include <stdbool.h>
#include <sys/types.h>

struct debug_finder;
struct opened;

/* Why debuginfod cannot be asked on this machine, a static string; NULL if it can. */
const char *debug_finder__why_no_debuginfod(void);

/* "dir" is searched before /usr/lib/debug; it may be NULL, and must outlive the finder.
 * "debuginfod" allows network requests. Returns NULL without memory. */
struct debug_finder *debug_finder__new(const char *dir, bool debuginfod);
void debug_finder__free(struct debug_finder *f);

/* Whose debug file is wanted. */
struct debug_query {
	const char *path;     /* the file's own, which process "pid" has mapped */
	const char *build_id; /* in hex, or NULL */
	const char *link;     /* the name that .gnu_debuglink has, or NULL */
	pid_t pid;
	/* Is the open file the one? "by_link": it was found by "link". */
	bool (*accepts)(const struct opened *file, bool by_link, void *data);
	void *data;
};

/* Opens the debug file that "q->accepts" accepts. Searches this process's root directory and, while
 * the process lives, the root directory of "q->pid". Returns 0 and stores the file in *out, for the
 * caller to close; or -ENOENT, and out->fd is -1. */
int debug_finder__open(struct debug_finder *f, const struct debug_query *q, struct opened *out);

/* The same for the file that dwz has moved a part of the DWARF to: "q->build_id" is that file's, and
 * "q->link" its name, of which what follows ".dwz/" counts. No server is asked. */
int debug_finder__open_alt(struct debug_finder *f, const struct debug_query *q, struct opened *out);

#endif
