/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the separate debug file of an ELF file: by build-id, by .gnu_debuglink, and from debuginfod
 * servers if the user asked for it. Unless the user did, it makes no network request.
 */
#ifndef MIGPOP_SYMBOL_DEBUG_FILE_H
#define MIGPOP_SYMBOL_DEBUG_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include <libelf.h>

struct debug_finder;

/* Why debuginfod cannot be asked on this machine, a static string; NULL if it can. */
const char *debug_finder__why_no_debuginfod(void);

/* "dir" is searched before /usr/lib/debug; it may be NULL, and must outlive the finder.
 * "debuginfod" allows network requests. Returns NULL without memory. */
struct debug_finder *debug_finder__new(const char *dir, bool debuginfod);
void debug_finder__free(struct debug_finder *f);

/* Opens the debug file of the file "path", which process "pid" has mapped and which is open as
 * "elf". Searches this process's root directory and, while the process lives, the root directory of
 * "pid". "build_id" is the build-id of "elf" in hex, or NULL. Returns a descriptor for the caller
 * to close, or -ENOENT. */
int debug_finder__open(struct debug_finder *f, Elf *elf, const char *build_id, const char *path,
		       pid_t pid);

#endif
