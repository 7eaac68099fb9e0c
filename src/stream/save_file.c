// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Skips what libvirt writes before the stream in files of virsh save, managedsave and snapshots
 * with memory: struct virQEMUSaveHeader (src/qemu/qemu_saveimage.h of libvirt), then as many bytes
 * as the header says, with the domain's XML among them.
 */
#include "stream/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { MAGIC = 16, HEADER = MAGIC + 19 * 4, AT_VERSION = 16, AT_LENGTH = 20, AT_FORMAT = 28 };
enum { VERSION = 2, FORMAT_SPARSE = 6 };

static const char finished[] = "LibvirtQemudSave", unfinished[] = "LibvirtQemudPart";

/* The program that decompresses each format of enum virQEMUSaveFormat. The last format, sparse, is
 * a mapped-ram file. */
static const char *const programs[] = {NULL, "gzip", "bzip2", "xz", "lzop", "zstd", NULL};

/* Reads a number of the header, which is in the byte order of the host that wrote it. */
static uint32_t number_at(const uint8_t *header, size_t at, bool swap)
{
	uint32_t v;

	memcpy(&v, header + at, sizeof(v));
	return swap ? __builtin_bswap32(v) : v;
}

static int skip(struct stream_reader *r, uint64_t left)
{
	const char what[] = "the header of a save file of libvirt";

	while (left) {
		uint64_t n = left < INPUT_BUFFER ? left : INPUT_BUFFER;

		if (!input__peek(&r->in, n))
			return stream_reader__fail_short(r, 0, what);
		input__take(&r->in, n);
		left -= n;
	}
	return 0;
}

int stream_reader__save_file(struct stream_reader *r)
{
	const uint8_t *header = input__peek(&r->in, MAGIC);
	uint32_t length, format;
	bool swap;
	int err;

	if (!header || (memcmp(header, finished, MAGIC) && memcmp(header, unfinished, MAGIC)))
		return 0;
	if (!memcmp(header, unfinished, MAGIC))
		return stream_reader__fail(r, 0, -EINVAL,
					   "a save file of libvirt that was never finished");
	header = input__peek(&r->in, HEADER);
	if (!header)
		return stream_reader__fail_short(r, 0, "the header of a save file of libvirt");
	swap = number_at(header, AT_VERSION, false) > VERSION;
	length = number_at(header, AT_LENGTH, swap);
	format = number_at(header, AT_FORMAT, swap);
	if (number_at(header, AT_VERSION, swap) > VERSION || format > FORMAT_SPARSE)
		return stream_reader__fail(r, 0, -ENOTSUP,
					   "a save file of libvirt of version %" PRIu32
					   ", format %" PRIu32 ": not supported",
					   number_at(header, AT_VERSION, swap), format);
	r->info->begin = HEADER + (uint64_t)length;
	if (programs[format])
		return stream_reader__fail(r, r->info->begin, -ENOTSUP,
					   "here the stream begins in a save file of libvirt, "
					   "compressed: tail -c +%" PRIu64
					   " FILE | %s -dc | migpop replay -",
					   r->info->begin + 1, programs[format]);
	input__take(&r->in, HEADER);
	err = skip(r, length);
	if (!err)
		r->info->save_file = true;
	return err;
}
