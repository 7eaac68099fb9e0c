/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compresses with zlib, in pieces, so that the compressed data are never in memory as a whole.
 */
#include "output/gzip.h"

#include <errno.h>
#include <limits.h>
#define ZLIB_CONST /* makes next_in a pointer to const */
#include <zlib.h>

int gzip__write(const void *data, size_t len, FILE *f)
{
	z_stream z = {.next_in = data, .avail_in = (uInt)len};
	unsigned char piece[16384];
	int status, err = 0;

	if (len > UINT_MAX)
		return -EFBIG;
	/* 16 asks for the header and trailer of gzip */
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	do {
		z.next_out = piece;
		z.avail_out = sizeof(piece);
		status = deflate(&z, Z_FINISH);
		len = sizeof(piece) - z.avail_out;
		errno = EIO;
		if (fwrite(piece, 1, len, f) != len)
			err = -errno;
	} while (!err && status == Z_OK);
	deflateEnd(&z);
	return err;
}
