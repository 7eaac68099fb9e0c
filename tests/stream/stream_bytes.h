/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stream in memory, and a sink in memory: to read the same bytes many times, and to look at what
 * became of them.
 */
#ifndef TESTS_STREAM_BYTES_H
#define TESTS_STREAM_BYTES_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stream/stream.h"

struct bytes {
	const uint8_t *data;
	size_t len;
	size_t at_once; /* most bytes that one read gives; 0: all */
};

static inline ssize_t bytes__read(void *opaque, void *buffer, size_t len, uint64_t off)
{
	const struct bytes *b = opaque;
	size_t n = off < b->len ? b->len - (size_t)off : 0;

	n = n < len ? n : len;
	if (b->at_once && n > b->at_once)
		n = b->at_once;
	if (n)
		memcpy(buffer, b->data + off, n);
	return (ssize_t)n;
}

/* What a page was last, which is what it is to hold. */
enum page_state { PAGE_UNTOUCHED, PAGE_ZERO, PAGE_PAYLOAD };

struct sunk_block {
	char name[STREAM_NAME_MAX];
	uint64_t length;
	uint8_t *memory; /* NULL where only states are kept */
	uint8_t *states;
	uint8_t *was_payload;
};

struct sunk {
	struct sunk_block *blocks;
	unsigned int nr_blocks;
	uint64_t most; /* bytes that may be declared in all */
	uint64_t declared;
	uint64_t page_size; /* 4096 if not set */
	bool keep;          /* content, too */
	uint8_t scratch[2 << 20];
	uint64_t zero_calls;
};

static inline uint64_t sunk__page(const struct sunk *s)
{
	return s->page_size ? s->page_size : 4096;
}

static inline int sunk__block(void *opaque, unsigned int index, const char *name, uint64_t length)
{
	struct sunk *s = opaque;
	struct sunk_block *b;
	size_t pages = (size_t)(length / sunk__page(s)) + 1;

	if (index != s->nr_blocks)
		abort();
	if (length > s->most - s->declared)
		return -ENOMEM;
	b = realloc(s->blocks, (s->nr_blocks + 1) * sizeof(*b));
	if (!b)
		return -ENOMEM;
	s->blocks = b;
	b += s->nr_blocks++;
	memset(b, 0, sizeof(*b));
	strcpy(b->name, name);
	b->length = length;
	b->states = calloc(pages, 1);
	b->was_payload = calloc(pages, 1);
	b->memory = s->keep ? calloc(1, length + 1) : NULL;
	s->declared += length;
	return b->states && b->was_payload && (b->memory || !s->keep) ? 0 : -ENOMEM;
}

static inline void sunk__mark(struct sunk *s, unsigned int index, uint64_t off, uint64_t len,
			      enum page_state state)
{
	struct sunk_block *b = &s->blocks[index];

	/* A range that does not lie in its block must never get here. */
	if (index >= s->nr_blocks || off > b->length || len > b->length - off || !len)
		abort();
	for (uint64_t i = off / sunk__page(s); i < (off + len) / sunk__page(s); i++) {
		b->states[i] = (uint8_t)state;
		b->was_payload[i] |= state == PAGE_PAYLOAD;
	}
}

static inline int sunk__zero(void *opaque, unsigned int index, uint64_t off, uint64_t len)
{
	struct sunk *s = opaque;

	sunk__mark(s, index, off, len, PAGE_ZERO);
	if (s->keep)
		memset(s->blocks[index].memory + off, 0, len);
	s->zero_calls++;
	return 0;
}

static inline int sunk__write(void *opaque, unsigned int index, uint64_t off, uint64_t len,
			      void **memory)
{
	struct sunk *s = opaque;

	sunk__mark(s, index, off, len, PAGE_PAYLOAD);
	if (!s->keep && len > sizeof(s->scratch))
		abort();
	*memory = s->keep ? s->blocks[index].memory + off : s->scratch;
	return 0;
}

static inline int sunk__written(void *opaque)
{
	(void)opaque;
	return 0;
}

static inline void sunk__clear(struct sunk *s)
{
	for (unsigned int i = 0; i < s->nr_blocks; i++) {
		free(s->blocks[i].memory);
		free(s->blocks[i].states);
		free(s->blocks[i].was_payload);
	}
	free(s->blocks);
	s->blocks = NULL;
	s->nr_blocks = 0;
	s->declared = s->zero_calls = 0;
}

static inline struct stream_sink sunk__sink(struct sunk *s)
{
	return (struct stream_sink){.block = sunk__block,
				    .zero = sunk__zero,
				    .write = sunk__write,
				    .written = sunk__written,
				    .opaque = s};
}

#endif
