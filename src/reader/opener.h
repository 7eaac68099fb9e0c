/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Has files of strangers opened by a process of its own. To look up a name, to open a file, even to
 * ask for its status may take forever, if the file system is one that its owner answers for (FUSE),
 * or a server that is gone; and nothing but the end of a process ends such a call. The opener has
 * this program's capabilities, which opening takes, and reads nothing of a file.
 *
 * The functions return 0, with a descriptor in *out for the caller to close; or a negative errno:
 * that of opening, or -ETIME if the opener did not answer in time. Each file of a process could take
 * as long: for OPENER_MEMORY seconds after the first one, a file of the same process gets a tenth of
 * the time, and after OPENER_STRIKES_MAX none is opened. Several threads may call at once.
 */
#ifndef MIGPOP_READER_OPENER_H
#define MIGPOP_READER_OPENER_H

#include <sys/stat.h>
#include <sys/types.h>

struct code_mapping;

enum { OPENER_MEMORY = 30, OPENER_STRIKES_MAX = 8 };

struct opened {
	int fd;         /* for reading; of a regular file, or of a program */
	struct stat st; /* so that nobody has to ask the file system again */
};

/* Starts the process, which otherwise is started when it is needed. Does not wait for it. */
void opener__start(void);

/* The file of a mapping of "pid": see code_mapping__open(). */
int opener__mapping(pid_t pid, const struct code_mapping *m, struct opened *out);

/* The program that "pid" runs. */
int opener__program(pid_t pid, struct opened *out);

/* A regular file on behalf of "pid": see open_regular(). */
int opener__path(pid_t pid, const char *root, const char *path, struct opened *out);

/* A file of "pid" did not answer a reader, which has cost more time than not to be opened. */
void opener__strike(pid_t pid);

/* The process itself: the hidden command OPENER_MODE. Returns an exit status. */
#define OPENER_MODE "opener"
int opener__serve(void);

#endif
