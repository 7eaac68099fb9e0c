/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Executable mappings of a process, as lines of /proc/PID/maps have them, and what is mapped there.
 * Knows nothing of what is looked for in it.
 */
#ifndef MIGPOP_SYMBOL_CODE_MAPPING_H
#define MIGPOP_SYMBOL_CODE_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct code_mapping {
	uint64_t start, end, file_offset;
	uint64_t device, inode; /* 0 where there is no file */
	uint64_t load; /* where the file's beginning is mapped, with it; 0 where it is not */
	char *path;    /* as the process sees it; "" for anonymous memory */
};

/* Calls "visit" for each executable mapping in "text", the contents of /proc/PID/maps, by address,
 * until it returns non-zero, which is returned. The path is the text's, which is changed. */
int code_mappings__each(char *text, int (*visit)(const struct code_mapping *, void *), void *data);

/* The mapped file, for reading: through map_files, which knows deleted files and those of other
 * mount namespaces, else as the process's main program, else by name below the process's root. A
 * descriptor, or a negative errno: -ESTALE where another file has that name by now. */
int code_mapping__open(pid_t pid, const struct code_mapping *m);

bool code_mapping__is_vdso(const struct code_mapping *m);

/* A copy of what is mapped, to be freed; NULL if it cannot be read or is no few pages. */
void *code_mapping__read(pid_t pid, const struct code_mapping *m);

#endif
