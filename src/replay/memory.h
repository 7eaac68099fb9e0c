/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of migpop replay: RAM blocks of a chosen backing, loaded through libmigfix. It must
 * not know where their content comes from.
 */
#ifndef MIGPOP_REPLAY_MEMORY_H
#define MIGPOP_REPLAY_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <migfix.h>

#include "stream/stream.h"
#include "vmm/ram_backing.h"

struct replay_setup {
	enum ram_backing backing;
	enum migfix_policy handler;
	bool batch, track;
};

#define REPLAY_DIGEST 32 /* bytes of a SHA-256 */

struct replay_block {
	char name[STREAM_NAME_MAX];
	uint64_t length;
	enum ram_backing backing; /* the chosen backing, or "ram" for a block that does not fit into
				     huge pages */
	uint64_t page_size;       /* of the memory, in bytes */
	uint8_t *memory;
	void *reserved; /* the reserved addresses around the block */
	uint64_t reserved_length;
	int fd; /* -1: no file */
	struct migfix_region *region;
	uint64_t populated_pages; /* in base pages, set by replay_memory__finish() */
	uint8_t digest[REPLAY_DIGEST];
};

struct replay_memory {
	struct replay_setup setup;
	struct replay_block *blocks;
	size_t nr_blocks;
	uint64_t handler_ns, payload_ns;
	uint64_t payload_since; /* when the current write began */
	/* bytes; more are loaded than declared if pages are sent again */
	uint64_t declared, loaded;
	/* Called now and then; may be NULL. */
	void (*progress)(const struct replay_memory *m);
	uint64_t next_progress_ns;
	struct migfix_stats handled; /* sums, set by replay_memory__finish() */
	bool lacks_huge_pages;       /* this is why a block could not be made */
};

/* A sink that loads the blocks and pages of a stream into "m". */
struct stream_sink replay_memory__sink(struct replay_memory *m);

/* Handles all gathered runs and fills in the figures. Returns 0 or a negative errno. */
int replay_memory__finish(struct replay_memory *m);

/* Computes the SHA-256 of each block's content, without populating anything. Returns 0 or a
 * negative errno. */
int replay_memory__digest(struct replay_memory *m);

void replay_memory__free(struct replay_memory *m);

#endif
