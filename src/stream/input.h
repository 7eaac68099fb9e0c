/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a stream, read through a buffer of fixed size, and their offset in the stream. It
 * must not know what the bytes mean.
 */
#ifndef MIGPOP_STREAM_INPUT_H
#define MIGPOP_STREAM_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "stream/stream.h"

/* Larger than the largest target page, 64 KiB, with its header. */
#define INPUT_BUFFER (128 << 10)

struct input {
	const struct stream_source *source;
	uint8_t *buffer;
	size_t begin, end; /* the part of the buffer that has bytes to be taken */
	uint64_t offset;   /* where the byte at "begin" is in the stream */
	uint64_t bytes;    /* bytes read from the source so far */
	int error;         /* negative errno of the source; 0 if the stream just ended */
};

/* Opens an input. Returns 0 or -ENOMEM; close it in either case. */
int input__open(struct input *in, const struct stream_source *source);
void input__close(struct input *in);

/* Reads until "n" bytes, at most INPUT_BUFFER, are in the buffer. Returns NULL if there are not so
 * many: the stream has ended, or in->error is set. */
const uint8_t *input__fill(struct input *in, size_t n);

static inline size_t input__at_hand(const struct input *in)
{
	return in->end - in->begin;
}

/* Returns the next "n" bytes without taking them; NULL as input__fill(). */
static inline const uint8_t *input__peek(struct input *in, size_t n)
{
	return input__at_hand(in) >= n ? in->buffer + in->begin : input__fill(in, n);
}

/* Takes "n" bytes that are in the buffer. */
static inline void input__take(struct input *in, size_t n)
{
	in->begin += n;
	in->offset += n;
}

/* Continues at another offset. The source must be seekable. */
void input__seek(struct input *in, uint64_t offset);

/* Reads "len" bytes at "off" without using the buffer. The source must be seekable. Returns 0,
 * -ENODATA if the source ends before, or the error of the source. */
int input__read_at(struct input *in, void *to, size_t len, uint64_t off);

#endif
