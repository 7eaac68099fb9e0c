/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the memory of a guest from outside its QEMU without populating anything. Holes and pages of
 * zeros are treated alike. It must not know why the memory is read.
 */
#ifndef MIGPOP_PROC_GUEST_MEMORY_H
#define MIGPOP_PROC_GUEST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct guest_memory {
	uint64_t address, length;
	int file; /* the file that is mapped; -1: anonymous memory */
	uint64_t file_offset;
	bool shared;        /* true: all memory is in the file */
	int mem, pagemap;   /* descriptors of /proc/PID/mem and pagemap; -1 if shared */
	uint64_t next_data; /* offset in the file: there is no data between the last read and it */
};

/* Opens the memory that process "pid" has at "address". Returns 0 or a negative errno; close it in
 * either case. -EFAULT: nothing is mapped there; -E2BIG: nothing among the mappings of
 * maps_budget; -ENOENT: a file is mapped there, but the process
 * has no descriptor of it. */
int guest_memory__open(struct guest_memory *m, pid_t pid, uint64_t address, uint64_t length);
void guest_memory__close(struct guest_memory *m);

/*
 * Reads [off, off + len), multiples of the page size, into "buffer". If all of it is holes, *any
 * becomes false and "buffer" is not written. The guest must be stopped, and "off" must not decrease
 * from one call to the next. Returns 0 or a negative errno.
 */
int guest_memory__read(struct guest_memory *m, uint64_t off, void *buffer, size_t len, bool *any);

/* Forgets what was found. Call it after the guest has run. */
void guest_memory__rewind(struct guest_memory *m);

/* Returns a new descriptor of the file with these numbers, made from one that process "pid" has:
 * this needs no more rights than reading its memory, unlike /proc/PID/map_files. -ENOENT: the
 * process has no descriptor of the file. */
int guest_memory__open_file(pid_t pid, dev_t dev, ino_t inode);

/* Returns a descriptor of /proc/PID/NAME for reading, or a negative errno. */
int guest_memory__open_proc(pid_t pid, const char *name);

#endif
