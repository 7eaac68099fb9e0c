/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells whether a process has mapped a file. The file itself counts, not its path: the process may
 * have another root or other mounts, so that its paths lead to other files.
 */
#ifndef MIGPOP_PROC_MAPPED_FILE_H
#define MIGPOP_PROC_MAPPED_FILE_H

#include <stdbool.h>
#include <sys/types.h>

/* "path" is a path as seen from here, or as seen by the process. False if it exists in neither
 * view. */
bool process__maps_file(pid_t pid, const char *path);

#endif
