/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which monitor's program a process executes: by its name, else by what the program states of
 * itself
 * ("QEMU emulator version 7.2.22"), whatever it is called. Asks the process's own file.
 */
#ifndef MIGPOP_VMM_PROGRAM_H
#define MIGPOP_VMM_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

struct program {
	const char *vmm; /* static; NULL: no monitor's, or not known */
	bool by_name;
	int error; /* a negative errno: the file could not be read, and its name tells nothing */
};

/* Each file is read once, and forgotten when many others have been. */
struct program program__of(pid_t pid);

#endif
