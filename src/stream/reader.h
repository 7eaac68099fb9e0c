/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the reader share. save_file.c skips what libvirt writes before a stream,
 * sections.c finds the sections, ram.c reads the sections of RAM, page_size.c finds the size of
 * pages, and mapped_ram.c reads files with pages at fixed places.
 */
#ifndef MIGPOP_STREAM_READER_H
#define MIGPOP_STREAM_READER_H

#include "stream/input.h"
#include "stream/stream.h"

struct reader_block {
	char name[STREAM_NAME_MAX];
	uint64_t length;
};

struct stream_reader {
	struct input in;
	const struct stream_sink *sink;
	struct stream_info *info;
	struct stream_error *error;
	struct reader_block *blocks;
	unsigned int nr_blocks;
	unsigned int last; /* block of the last page; nr_blocks if there was no page yet */
	bool advised;      /* postcopy was announced */
	bool has_ram;      /* the section of RAM has begun; its id is the next member */
	uint32_t ram_section;
	bool has_footers; /* each section ends with a footer */
	bool knows_page_size;
	uint64_t declared;   /* bytes of all blocks together */
	uint64_t first_sync; /* offset of the first multifd flush */
};

/* Fills in the error, which is about what begins at "offset". Returns "err". */
int stream_reader__fail(struct stream_reader *r, uint64_t offset, int err, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Explains why the bytes of "what", which began at "offset", are missing. Returns a negative errno.
 * */
int stream_reader__fail_short(struct stream_reader *r, uint64_t offset, const char *what);

/* Explains an error that the sink returned for a block. Returns "err". */
int stream_reader__fail_sink(struct stream_reader *r, uint64_t offset, int err, unsigned int block);

/* Take a big-endian number. If it is missing, they fail with the message that the stream ends
 * within "what". */
int stream_reader__u8(struct stream_reader *r, uint8_t *out, const char *what);
int stream_reader__u16(struct stream_reader *r, uint16_t *out, const char *what);
int stream_reader__u32(struct stream_reader *r, uint32_t *out, const char *what);
int stream_reader__u64(struct stream_reader *r, uint64_t *out, const char *what);

/* Takes a string: one byte for the length, and that many bytes. */
int stream_reader__string(struct stream_reader *r, char out[STREAM_NAME_MAX], const char *what);

/* Skips the header of a libvirt save file, if there is one. Fails if no stream can follow it. */
int stream_reader__save_file(struct stream_reader *r);

/* Finds the size of pages, if it is not known yet, from what follows "word". "word" begins the
 * record of a page and has been taken. Looks only at the first page. Fails if a block is not a
 * whole number of such pages. */
int stream_reader__find_page_size(struct stream_reader *r, uint64_t word);

/* Fails, at offset "at", unless each block is a whole number of pages. */
int stream_reader__check_lengths(struct stream_reader *r, uint64_t at);

/* Reads a section of RAM, between its header and its footer. */
int stream_reader__ram(struct stream_reader *r);

/* Reads what follows the declaration of a block in a mapped-ram file, and its pages. */
int stream_reader__mapped_block(struct stream_reader *r, unsigned int block);

#endif
