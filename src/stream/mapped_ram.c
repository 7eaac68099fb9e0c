// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads a block of a mapped-ram file (QEMU 9.0 and later: migration/ram.c,
 * docs/devel/migration/mapped-ram.rst). After the declaration of a block, a header says where the
 * file has a bitmap of the pages that are not zero, and where these pages are. Each page has a
 * fixed place.
 */
#include "stream/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum {
	HEADER_VERSION = 1,
	/* bytes of the bitmap that are read at once: 2 GiB of 4 KiB pages */
	BITMAP_PART = 64 << 10,
	READ_AT_ONCE = 2 << 20,
};

struct mapped_header {
	uint64_t bitmap, pages; /* offsets in the file */
};

static int read_header(struct stream_reader *r, struct mapped_header *h)
{
	static const char what[] = "the mapped-ram header of a RAM block";
	uint64_t at = r->in.offset, page_size;
	uint32_t version;
	int err = stream_reader__u32(r, &version, what);

	if (!err)
		err = stream_reader__u64(r, &page_size, what);
	if (!err)
		err = stream_reader__u64(r, &h->bitmap, what);
	if (!err)
		err = stream_reader__u64(r, &h->pages, what);
	if (err)
		return err;
	if (version != HEADER_VERSION)
		return stream_reader__fail(r, at, -ENOTSUP,
					   "version %" PRIu32 " of mapped-ram, not %d", version,
					   HEADER_VERSION);
	if (!r->knows_page_size && page_size >= 1024 && page_size <= 65536 &&
	    !(page_size & (page_size - 1))) {
		r->info->page_size = (uint32_t)page_size;
		r->knows_page_size = true;
	}
	if (page_size != r->info->page_size)
		return stream_reader__fail(r, at, -EINVAL,
					   "mapped-ram pages of %" PRIu64 " bytes, not "
					   "%" PRIu32,
					   page_size, r->info->page_size);
	return stream_reader__check_lengths(r, at);
}

static int fail_read(struct stream_reader *r, uint64_t at, int err, const char *what)
{
	if (err == -ENODATA)
		return stream_reader__fail(r, at, err, "the file ends within %s", what);
	return stream_reader__fail(r, at, err, "cannot read %s: %s", what, strerror(-err));
}

static int load_pages(struct stream_reader *r, unsigned int block, uint64_t off, uint64_t len,
		      uint64_t at)
{
	const struct stream_sink *sink = r->sink;
	int err = 0;

	for (uint64_t done = 0, n; !err && done < len; done += n) {
		void *memory;
		int failed;

		n = len - done < READ_AT_ONCE ? len - done : READ_AT_ONCE;
		err = sink->write(sink->opaque, block, off + done, n, &memory);
		if (err)
			return stream_reader__fail_sink(r, at + done, err, block);
		failed = input__read_at(&r->in, memory, n, at + done);
		err = sink->written(sink->opaque);
		if (err)
			return stream_reader__fail_sink(r, at + done, err, block);
		if (failed)
			return fail_read(r, at + done, failed, "a page");
	}
	r->info->payload_pages += len / r->info->page_size;
	return err;
}

static int load_run(struct stream_reader *r, unsigned int block, bool zero, uint64_t off,
		    uint64_t len, const struct mapped_header *h)
{
	int err;

	if (!zero)
		return load_pages(r, block, off, len, h->pages + off);
	err = r->sink->zero(r->sink->opaque, block, off, len);
	if (err)
		return stream_reader__fail_sink(r, h->bitmap, err, block);
	r->info->zero_pages += len / r->info->page_size;
	return 0;
}

static bool is_set(const uint8_t *bits, uint64_t i)
{
	return bits[i / 8] >> (i % 8) & 1;
}

/* Returns where the run of equal bits that begins at "i" ends. */
static uint64_t run_end(const uint8_t *bits, uint64_t i, uint64_t n)
{
	bool set = is_set(bits, i);
	uint8_t whole = set ? 0xff : 0;

	while (i < n && is_set(bits, i) == set)
		if (i % 8 == 0 && n - i >= 8 && bits[i / 8] == whole)
			i += 8;
		else
			i++;
	return i;
}

/* Loads "n" pages from page "first" on. "bits" is their part of the bitmap; the lowest bit of a
 * byte is the first page. */
static int load_part(struct stream_reader *r, unsigned int block, uint64_t first, uint64_t n,
		     const uint8_t *bits, const struct mapped_header *h)
{
	uint64_t size = r->info->page_size;
	int err = 0;

	for (uint64_t i = 0, end; !err && i < n; i = end) {
		end = run_end(bits, i, n);
		err = load_run(r, block, !is_set(bits, i), (first + i) * size, (end - i) * size, h);
	}
	return err;
}

/* Reads the bitmap through the buffer, which has nothing that is still needed: the stream continues
 * after the pages. */
static int load_block(struct stream_reader *r, unsigned int block, const struct mapped_header *h)
{
	uint64_t pages = r->blocks[block].length / r->info->page_size;
	int err = 0;

	for (uint64_t i = 0, n; !err && i < pages; i += n) {
		uint64_t at = h->bitmap + i / 8;

		n = pages - i < BITMAP_PART * 8 ? pages - i : BITMAP_PART * 8;
		err = input__read_at(&r->in, r->in.buffer, (n + 7) / 8, at);
		if (err)
			return fail_read(r, at, err, "the bitmap of a RAM block");
		err = load_part(r, block, i, n, r->in.buffer, h);
	}
	return err;
}

int stream_reader__mapped_block(struct stream_reader *r, unsigned int block)
{
	uint64_t at = r->in.offset, length = r->blocks[block].length;
	struct mapped_header h;
	int err;

	if (!r->in.source->seekable)
		return stream_reader__fail(r, at, -ENOTSUP,
					   "mapped-ram out of a pipe: give the file");
	err = read_header(r, &h);
	if (err)
		return err;
	if (h.bitmap > INT64_MAX - length || h.pages > INT64_MAX - length || h.pages < at)
		return stream_reader__fail(r, at, -EINVAL,
					   "mapped-ram with a bitmap at %" PRIu64
					   " and pages at %" PRIu64,
					   h.bitmap, h.pages);
	input__seek(&r->in, h.pages + length);
	return load_block(r, block, &h);
}
