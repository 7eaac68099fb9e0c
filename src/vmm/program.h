/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which VMM a process runs: by the name of its program, by the name of the
 * script that its program executes, or by what the program states of itself ("QEMU emulator version
 * 7.2.22"), whatever it is called.
 */
#ifndef MIGPOP_VMM_PROGRAM_H
#define MIGPOP_VMM_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

struct vmm;

struct program {
	const struct vmm *vmm; /* NULL: the program is no VMM, or cannot be read */
	bool by_name;
	int error; /* a negative errno: the file cannot be read, and its name tells nothing */
	bool tell; /* reading the file failed, of which nobody was told yet */
};

/* Reads the file of a program once, and forgets it when many others have been read. */
struct program program__of(pid_t pid);

#endif
