/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The blocks of a guest's RAM: which mapping of a process is which block.
 */
#ifndef MIGPOP_VMM_RAM_BLOCKS_H
#define MIGPOP_VMM_RAM_BLOCKS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct record_target;

struct ram_block {
	/* Of the backend. Where it cannot be told which of several backends it is, or where one was
	 * plugged in later: its type, "memory-backend-memfd". */
	char id[64];
	int64_t length_pages;
	int32_t numa_node;   /* the guest's, -1 where it is in none */
	uint32_t dev;        /* of the file, as the kernel numbers devices: major << 20 | minor */
	uint64_t inode;      /* 0 for memory without a file */
	uint64_t start, end; /* addresses in the process */
};

struct ram_blocks {
	struct ram_block *v;
	size_t n;
};

/* A block that QEMU itself tells of, by its monitor: its id, its length and, where the version says
 * it, the address of its memory. */
struct ram_told {
	char id[64];
	uint64_t bytes;
	uint64_t address; /* 0: not said */
};

/* Finds the blocks of the process "pid", which "t" describes, as it is now; the "nr_told" blocks at
 * "told" are those that its monitor tells of. Returns 0 or a negative errno. If it fails, or finds
 * none, *out is as it was. */
int ram_blocks__read(struct ram_blocks *out, const struct record_target *t, pid_t pid,
		     const struct ram_told *told, size_t nr_told);

void ram_blocks__free(struct ram_blocks *b);

/* The block that is that file (inode not 0), or has that address; NULL if none. */
const struct ram_block *ram_blocks__find(const struct ram_blocks *b, uint32_t dev, uint64_t inode,
					 uint64_t address);

#endif
