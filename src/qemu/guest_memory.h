/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of a guest, read from outside of its QEMU without populating anything: not there and
 * zero are the same. It must not know why it is read.
 */
#ifndef MIGPOP_QEMU_GUEST_MEMORY_H
#define MIGPOP_QEMU_GUEST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct guest_memory {
	uint64_t address, length;
	int file; /* that is mapped there; -1: anonymous memory */
	uint64_t file_offset;
	bool shared;        /* then the file is all there is */
	int mem, pagemap;   /* of /proc; -1 where shared */
	uint64_t next_data; /* offset in the file; nothing between the last read and there */
};

/* The memory that process "pid" has at "address". 0 or a negative errno; to be closed either way.
 * -EFAULT: nothing is mapped there, -ENOENT: the file that is, is not open. */
int guest_memory__open(struct guest_memory *m, pid_t pid, uint64_t address, uint64_t length);
void guest_memory__close(struct guest_memory *m);

/*
 * [off, off + len), multiples of the page size, into "buffer"; *any gets whether there was anything
 * but holes: "buffer" is not written otherwise. The guest stands still, and "off" only rises. 0, or
 * a negative errno.
 */
int guest_memory__read(struct guest_memory *m, uint64_t off, void *buffer, size_t len, bool *any);

/* Whatever was found of a guest that went on since is forgotten. */
void guest_memory__rewind(struct guest_memory *m);

/* A new descriptor of the file with these numbers, by one that process "pid" has of it: that takes
 * no more rights than reading its memory does, unlike /proc/PID/map_files. -ENOENT: it has none. */
int guest_memory__open_file(pid_t pid, dev_t dev, ino_t inode);

/* A descriptor of /proc/PID/NAME, for reading; or a negative errno. */
int guest_memory__open_proc(pid_t pid, const char *name);

#endif
