/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The executable mappings of a process, as /proc/PID/maps lists them, and the files that are mapped
 * there. Knows nothing of what a caller looks for in these files.
 */
#ifndef MIGPOP_SYMBOL_CODE_MAPPING_H
#define MIGPOP_SYMBOL_CODE_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct code_mapping {
	uint64_t start, end, file_offset;
	uint64_t device, inode; /* of the file; 0 if no file is mapped */
	uint64_t load; /* where the beginning of the file is mapped, if the same loading mapped it;
			  else 0 */
	char *path;    /* as the process sees it; "" for anonymous memory */
};

/* Calls "visit" for each executable mapping in "text", the "len" bytes of /proc/PID/maps, by
 * ascending address; of no more mappings than maps_budget has. The path is valid during the call.
 * If "visit" returns non-zero, the loop ends and returns that value. */
int code_mappings__each(const char *text, size_t len,
			int (*visit)(const struct code_mapping *, void *), void *data);

/* Opens the mapped file for reading: through map_files, which reaches deleted files and files of
 * other mount namespaces; else as the process's main program; else by name below the process's
 * root. Returns a descriptor for the caller to close, or a negative errno: -ESTALE if another file
 * has the name by now, -ESRCH if the process is gone, -EINVAL if it is no regular file. */
int code_mapping__open(pid_t pid, const struct code_mapping *m);

bool code_mapping__is_vdso(const struct code_mapping *m);

/* Copies the mapped memory. Free the copy; NULL if the memory cannot be read or is larger than a
 * vDSO. */
void *code_mapping__read(pid_t pid, const struct code_mapping *m);

#endif
