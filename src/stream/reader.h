/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the reader share: save_file.c passes by what libvirt puts before a stream,
 * sections.c finds the sections, ram.c reads those of RAM, page_size.c tells how large pages are,
 * mapped_ram.c reads a file with pages at fixed places.
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
	unsigned int last; /* block of the last page; nr_blocks: there was none */
	bool advised;      /* postcopy was announced */
	bool has_ram;      /* its section has begun, with this id */
	uint32_t ram_section;
	bool has_footers; /* sections end by one */
	bool knows_page_size;
	uint64_t declared;   /* bytes of all blocks */
	uint64_t first_sync; /* offset of the first multifd flush */
};

/* Fills the error, of what begins at "offset"; returns "err". */
int stream_reader__fail(struct stream_reader *r, uint64_t offset, int err, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Why the bytes of "what" are not there; "what" began at "offset". */
int stream_reader__fail_short(struct stream_reader *r, uint64_t offset, const char *what);

/* What the sink returned for a block. */
int stream_reader__fail_sink(struct stream_reader *r, uint64_t offset, int err, unsigned int block);

/* Take big-endian numbers, or fail as within "what". */
int stream_reader__u8(struct stream_reader *r, uint8_t *out, const char *what);
int stream_reader__u16(struct stream_reader *r, uint16_t *out, const char *what);
int stream_reader__u32(struct stream_reader *r, uint32_t *out, const char *what);
int stream_reader__u64(struct stream_reader *r, uint64_t *out, const char *what);

/* A length of one byte and so many bytes. */
int stream_reader__string(struct stream_reader *r, char out[STREAM_NAME_MAX], const char *what);

/* Passes by the header of a save file of libvirt, if there is one, and fails where what follows is
 * no stream. */
int stream_reader__save_file(struct stream_reader *r);

/* Finds the size of pages, if it is not known, by what follows "word", which begins a record and
 * has been taken: once, at the first page. Fails where a block is no whole number of such pages. */
int stream_reader__find_page_size(struct stream_reader *r, uint64_t word);

/* Are all blocks whole pages? Else it fails, at "at". */
int stream_reader__check_lengths(struct stream_reader *r, uint64_t at);

/* What a section of RAM has between its header and its footer. */
int stream_reader__ram(struct stream_reader *r);

/* What follows the declaration of a block in a mapped-ram file: its pages. */
int stream_reader__mapped_block(struct stream_reader *r, unsigned int block);

#endif
