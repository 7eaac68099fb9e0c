/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the separate debug file of an ELF file: by build-id, by .gnu_debuglink, and from debuginfod
 * servers if that was asked for. Without being asked, it makes no request to anywhere.
 */
#ifndef MIGPOP_SYMBOL_DEBUG_FILE_H
#define MIGPOP_SYMBOL_DEBUG_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include <libelf.h>

struct debug_finder;

/* Why debuginfod cannot be asked on this machine, static; NULL if it can. */
const char *debug_finder__why_no_debuginfod(void);

/* "dir" is searched before /usr/lib/debug, and may be NULL; it must outlive the finder. NULL
 * without memory. */
struct debug_finder *debug_finder__new(const char *dir, bool debuginfod);
void debug_finder__free(struct debug_finder *f);

/* For the file "path" as process "pid" sees it, open as "elf"; its debug file is looked for on this
 * side and, while the process lives, in its root. "build_id" is its hex, or NULL. A descriptor to
 * be closed, or -ENOENT. */
int debug_finder__open(struct debug_finder *f, Elf *elf, const char *build_id, const char *path,
		       pid_t pid);

#endif
