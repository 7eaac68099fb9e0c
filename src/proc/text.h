/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the small files by which the kernel tells of processes and of itself. Knows no such file.
 */
#ifndef MIGPOP_PROC_TEXT_H
#define MIGPOP_PROC_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The longest text that is read: a command line is as long as its process wants it to be
 * (PR_SET_MM_ARG_END), while execve() takes no more than 6 MiB. */
enum { TEXT_MAX = 8 << 20 };

/* Copies a file for the caller to free, with a 0 behind it; no more than its first TEXT_MAX bytes.
 * Stores the length in *len unless that is NULL. Returns NULL with errno set. */
char *text__read(const char *path, size_t *len);

/* The same of /proc/PID/NAME. */
char *proc__read(pid_t pid, const char *name, size_t *len);

/* The number behind "key" at the start of a line, or -1. */
int64_t text__field(const char *text, const char *key);

#endif
