// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads a source through a buffer. Before the buffer is filled up its content is moved to its
 * beginning, so that the bytes a caller asks for lie in one piece.
 */
#include "stream/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int input__open(struct input *in, const struct stream_source *source)
{
	memset(in, 0, sizeof(*in));
	in->source = source;
	in->buffer = malloc(INPUT_BUFFER);
	return in->buffer ? 0 : -ENOMEM;
}

void input__close(struct input *in)
{
	free(in->buffer);
	in->buffer = NULL;
}

const uint8_t *input__fill(struct input *in, size_t n)
{
	if (in->error)
		return NULL;
	memmove(in->buffer, in->buffer + in->begin, input__at_hand(in));
	in->end -= in->begin;
	in->begin = 0;
	while (in->end < n) {
		ssize_t got = in->source->read(in->source->opaque, in->buffer + in->end,
					       INPUT_BUFFER - in->end, in->offset + in->end);

		if (got == -EINTR)
			continue;
		if (got <= 0) {
			in->error = (int)got;
			return NULL;
		}
		in->end += (size_t)got;
		in->bytes += (uint64_t)got;
	}
	return in->buffer;
}

void input__seek(struct input *in, uint64_t offset)
{
	in->begin = in->end = 0;
	in->offset = offset;
}

int input__read_at(struct input *in, void *to, size_t len, uint64_t off)
{
	while (len) {
		ssize_t got = in->source->read(in->source->opaque, to, len, off);

		if (got == -EINTR)
			continue;
		if (got <= 0)
			return got ? (int)got : -ENODATA;
		to = (uint8_t *)to + got;
		len -= (size_t)got;
		off += (uint64_t)got;
		in->bytes += (uint64_t)got;
	}
	return 0;
}
