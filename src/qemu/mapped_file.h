/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Has a process a file mapped? By the file itself, not by its path: the process may have another
 * root, or other mounts, and its paths mean other files or look otherwise from here.
 */
#ifndef MIGPOP_QEMU_MAPPED_FILE_H
#define MIGPOP_QEMU_MAPPED_FILE_H

#include <stdbool.h>
#include <sys/types.h>

/* "path" is as it is from here, or as it is for the process. False where neither is there. */
bool process__maps_file(pid_t pid, const char *path);

#endif
