/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the web process gives up before it reads its first request. It must not know what the
 * process does.
 */
#ifndef MIGPOP_SERVE_CONFINE_H
#define MIGPOP_SERVE_CONFINE_H

#include <stddef.h>

/* The most that the web process, and each process that renders a report, may have. */
enum {
	CONFINE_MEMORY_BYTES = 192 << 20,
	CONFINE_FILE_BYTES = 32 << 20, /* of a file in memory that it writes */
	CONFINE_DESCRIPTORS = 512,
};

/*
 * From now on this process, and those that it starts, have no capability and can get none; they
 * may read files below the directory "records" and no others, write no file, start no program, open
 * no socket, signal no process; and they have limits. Returns 0; or a negative errno with what
 * could not be given up in "why": then the process must not go on. A kernel without Landlock leaves
 * other files that the user can read within reach.
 */
int confine(int records, char *why, size_t size);

#endif
