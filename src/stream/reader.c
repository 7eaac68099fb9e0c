// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Takes values off a stream, and explains where and why there are none. It must not know what the
 * values are for.
 */
#include "stream/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int stream_reader__fail(struct stream_reader *r, uint64_t offset, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->error->text, sizeof(r->error->text), format, args);
	va_end(args);
	r->error->offset = offset;
	return err;
}

int stream_reader__fail_short(struct stream_reader *r, uint64_t offset, const char *what)
{
	uint64_t end = r->in.offset + input__at_hand(&r->in);

	if (r->in.error)
		return stream_reader__fail(r, end, r->in.error, "cannot read on: %s",
					   strerror(-r->in.error));
	if (offset == end)
		return stream_reader__fail(r, end, -ENODATA, "the stream ends where %s is expected",
					   what);
	return stream_reader__fail(r, end, -ENODATA,
				   "the stream ends within %s, which began at %" PRIu64, what,
				   offset);
}

int stream_reader__fail_sink(struct stream_reader *r, uint64_t offset, int err, unsigned int block)
{
	return stream_reader__fail(r, offset, err,
				   "cannot load RAM block %s of %" PRIu64 " bytes: %s",
				   r->blocks[block].name, r->blocks[block].length, strerror(-err));
}

/* Takes a big-endian number of "size" bytes. */
static int take_number(struct stream_reader *r, size_t size, uint64_t *out, const char *what)
{
	const uint8_t *bytes = input__peek(&r->in, size);

	if (!bytes)
		return stream_reader__fail_short(r, r->in.offset, what);
	*out = 0;
	for (size_t i = 0; i < size; i++)
		*out = *out << 8 | bytes[i];
	input__take(&r->in, size);
	return 0;
}

int stream_reader__u8(struct stream_reader *r, uint8_t *out, const char *what)
{
	uint64_t v = 0;
	int err = take_number(r, 1, &v, what);

	*out = (uint8_t)v;
	return err;
}

int stream_reader__u16(struct stream_reader *r, uint16_t *out, const char *what)
{
	uint64_t v = 0;
	int err = take_number(r, 2, &v, what);

	*out = (uint16_t)v;
	return err;
}

int stream_reader__u32(struct stream_reader *r, uint32_t *out, const char *what)
{
	uint64_t v = 0;
	int err = take_number(r, 4, &v, what);

	*out = (uint32_t)v;
	return err;
}

int stream_reader__u64(struct stream_reader *r, uint64_t *out, const char *what)
{
	return take_number(r, 8, out, what);
}

int stream_reader__string(struct stream_reader *r, char out[STREAM_NAME_MAX], const char *what)
{
	uint64_t at = r->in.offset;
	const uint8_t *bytes;
	uint8_t len;
	int err = stream_reader__u8(r, &len, what);

	if (err)
		return err;
	bytes = input__peek(&r->in, len);
	if (!bytes)
		return stream_reader__fail_short(r, at, what);
	/* A name with a 0 in it would end there for us, but not for QEMU. */
	if (memchr(bytes, 0, len))
		return stream_reader__fail(r, at, -EINVAL, "%s holds a 0", what);
	memcpy(out, bytes, len);
	out[len] = '\0';
	input__take(&r->in, len);
	return 0;
}
