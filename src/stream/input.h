/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a stream through a buffer of one size, and where in the stream they are. It must not
 * know what they mean.
 */
#ifndef MIGPOP_STREAM_INPUT_H
#define MIGPOP_STREAM_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "stream/stream.h"

/* More than the largest target page, 64 KiB, with its header. */
#define INPUT_BUFFER (128 << 10)

struct input {
	const struct stream_source *source;
	uint8_t *buffer;
	size_t begin, end; /* what of the buffer is there */
	uint64_t offset;   /* of the byte at "begin" */
	uint64_t bytes;    /* read of the source */
	int error;         /* of the source; 0 where the stream only ended */
};

/* 0 or -ENOMEM; to be closed either way. */
int input__open(struct input *in, const struct stream_source *source);
void input__close(struct input *in);

/* Reads until "n" bytes, INPUT_BUFFER at most, are at hand. NULL: there are no more, by the end or
 * by in->error. */
const uint8_t *input__fill(struct input *in, size_t n);

static inline size_t input__at_hand(const struct input *in)
{
	return in->end - in->begin;
}

/* The next "n" bytes, still to be taken. */
static inline const uint8_t *input__peek(struct input *in, size_t n)
{
	return input__at_hand(in) >= n ? in->buffer + in->begin : input__fill(in, n);
}

/* Takes "n" bytes that are at hand. */
static inline void input__take(struct input *in, size_t n)
{
	in->begin += n;
	in->offset += n;
}

/* Goes on at another offset of a source that can be sought. */
void input__seek(struct input *in, uint64_t offset);

/* "len" bytes at "off" of such a source, past the buffer. 0, -ENODATA at the end of it, or what it
 * returned. */
int input__read_at(struct input *in, void *to, size_t len, uint64_t off);

#endif
