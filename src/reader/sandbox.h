/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process that reads files of strangers gives up before it reads the first of them.
 */
#ifndef MIGPOP_READER_SANDBOX_H
#define MIGPOP_READER_SANDBOX_H

/* Address space of a reader, which the DWARF of the largest programs takes a part of; and its CPU
 * time, of which one file takes some seconds at most. */
enum { SANDBOX_SPACE_MIB = 1024, SANDBOX_CPU_SECONDS = 60 };

/*
 * From now on this process has no capability and cannot get one; it can allocate memory, read from
 * and write to descriptors that it has, receive others over its socket, and exit. It cannot open or
 * map a file, make a socket, signal or look at another process, or start one. It dies with the
 * thread that started it. Returns 0 or a negative errno: the process must end then.
 */
int sandbox__enter(void);

#endif
