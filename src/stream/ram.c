// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads a section of RAM, as QEMU's migration/ram.c writes it: the declaration of blocks, and their
 * pages. Successive zero pages are passed on as one range.
 */
#include "array.h"
#include "stream/reader.h"
#include "stream/xbzrle.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* RAM_SAVE_FLAG_*: the low bits of a page's offset. */
enum ram_flag {
	RAM_ZERO = 0x02,
	RAM_MEM_SIZE = 0x04,
	RAM_PAGE = 0x08,
	RAM_EOS = 0x10,
	RAM_CONTINUE = 0x20, /* the page is of the same block as the page before */
	RAM_XBZRLE = 0x40,
	RAM_HOOK = 0x80,           /* used by RDMA */
	RAM_COMPRESS_PAGE = 0x100, /* used until QEMU 9.0 */
	RAM_MULTIFD_FLUSH = 0x200,
};

enum { XBZRLE_ENCODING = 1, ZERO_RECORD = 9, GROUP = 16, GROUP_BYTES = GROUP * ZERO_RECORD };

#define CARRY_MASK UINT64_C(0xffffff)

struct page {
	uint64_t at; /* offset of the page's record in the stream */
	unsigned int block;
	uint64_t off;
};

static uint64_t read_be64(const uint8_t *bytes)
{
	uint64_t v;

	memcpy(&v, bytes, sizeof(v));
	return be64toh(v);
}

/* --- blocks --- */

static unsigned int find_block(const struct stream_reader *r, const char *name)
{
	unsigned int i = 0;

	while (i < r->nr_blocks && strcmp(r->blocks[i].name, name))
		i++;
	return i;
}

/* If postcopy was announced, a block of huge pages says how large they are, and other blocks say
 * nothing (ram_save_setup()). The size is a power of two above the page size, which anything else
 * that could follow is not. */
static int skip_page_size(struct stream_reader *r)
{
	const uint8_t *bytes;
	uint64_t size;

	if (!r->advised)
		return 0;
	bytes = input__peek(&r->in, 8);
	if (!bytes)
		return stream_reader__fail_short(r, r->in.offset, "the declaration of RAM blocks");
	size = read_be64(bytes);
	if (size > r->info->page_size && !(size & (size - 1)))
		input__take(&r->in, 8);
	return 0;
}

/* Makes room for one more block. A block takes at least ten bytes of the stream, so memory stays
 * within a small multiple of what was read. */
static int make_room(struct stream_reader *r, uint64_t at)
{
	struct reader_block *blocks;

	if (r->nr_blocks == STREAM_BLOCKS_MAX)
		return stream_reader__fail(r, at, -ENOTSUP, "more than %d RAM blocks",
					   STREAM_BLOCKS_MAX);
	blocks = array__grow(r->blocks, r->nr_blocks, sizeof(*blocks));
	if (!blocks)
		return stream_reader__fail(r, at, -ENOMEM, "%s", strerror(ENOMEM));
	r->blocks = blocks;
	return 0;
}

static int declare_block(struct stream_reader *r, uint64_t *left)
{
	static const char what[] = "the declaration of RAM blocks";
	uint64_t at = r->in.offset, address;
	struct reader_block *b;
	int err = make_room(r, at);

	if (err)
		return err;
	b = &r->blocks[r->nr_blocks];
	err = stream_reader__string(r, b->name, what);
	if (!err)
		err = stream_reader__u64(r, &b->length, what);
	if (err)
		return err;
	if (!b->name[0] || find_block(r, b->name) != r->nr_blocks)
		return stream_reader__fail(r, at, -EINVAL,
					   "RAM block \"%s\" is declared twice, or has "
					   "no name",
					   b->name);
	if (b->length > *left || b->length % (r->knows_page_size ? r->info->page_size : 1024))
		return stream_reader__fail(r, at, -EINVAL,
					   "RAM block %s has %" PRIu64 " bytes of the "
					   "%" PRIu64 " that are left",
					   b->name, b->length, *left);
	*left -= b->length;
	r->declared += b->length;
	err = skip_page_size(r);
	if (!err && r->info->ignore_shared)
		err = stream_reader__u64(r, &address, what);
	if (err)
		return err;
	err = r->sink->block(r->sink->opaque, r->nr_blocks, b->name, b->length);
	if (err)
		return stream_reader__fail_sink(r, at, err, r->nr_blocks);
	r->last = ++r->nr_blocks;
	return r->info->mapped_ram ? stream_reader__mapped_block(r, r->nr_blocks - 1) : 0;
}

static int read_blocks(struct stream_reader *r, uint64_t at, uint64_t total)
{
	int err = 0;

	if (r->nr_blocks)
		return stream_reader__fail(r, at, -EINVAL,
					   "RAM blocks are declared for a second time");
	while (!err && total)
		err = declare_block(r, &total);
	r->last = r->nr_blocks;
	return err;
}

/* --- pages --- */

/* Finds the page that the record is about. */
static int read_place(struct stream_reader *r, uint64_t flags, struct page *p)
{
	char name[STREAM_NAME_MAX];
	int err;

	if (!(flags & RAM_CONTINUE)) {
		err = stream_reader__string(r, name, "the RAM block of a page");
		if (err)
			return err;
		r->last = find_block(r, name);
		if (r->last == r->nr_blocks)
			return stream_reader__fail(r, p->at, -EINVAL,
						   "a page of RAM block %s, which is "
						   "not declared",
						   name);
	}
	if (r->last == r->nr_blocks)
		return stream_reader__fail(r, p->at, -EINVAL,
					   "a page that belongs to no RAM block");
	p->block = r->last;
	if (p->off >= r->blocks[p->block].length)
		return stream_reader__fail(r, p->at, -EINVAL,
					   "a page at 0x%" PRIx64 " of RAM block %s, "
					   "which has 0x%" PRIx64 " bytes",
					   p->off, r->blocks[p->block].name,
					   r->blocks[p->block].length);
	return 0;
}

/* Counts how many of the next "n" records are zero pages, from offset "off" on without a gap. */
static uint64_t count_records(const uint8_t *at, uint64_t off, uint64_t size, uint64_t n)
{
	uint64_t i = 0;

	for (; i < n; i++, off += size, at += ZERO_RECORD)
		if (read_be64(at) != (off | RAM_ZERO | RAM_CONTINUE) || at[8])
			break;
	return i;
}

/* Reading one record at a time takes as long as reading the file. But once GROUP records are known,
 * the next GROUP are the same except for one byte each, bits 16 to 23 of the offset, as long as
 * there is no carry. Checks that they are. */
static bool follows_group(const uint8_t *at, const uint8_t step[GROUP_BYTES])
{
	uint8_t differs = 0;

	for (size_t i = 0; i < GROUP_BYTES; i++)
		differs |= (uint8_t)((uint8_t)(at[i] - at[(ptrdiff_t)i - GROUP_BYTES]) ^ step[i]);
	return !differs;
}

/* Counts how many of the next "n" records, from offset "off" on, are in whole groups that follow
 * the group before. */
static uint64_t count_groups(const uint8_t *at, uint64_t off, uint64_t size, uint64_t n)
{
	uint64_t group = GROUP * size, window = off & ~CARRY_MASK, i = 0;
	uint8_t step[GROUP_BYTES] = {0};

	if (group & 0xffff || off - group < window)
		return 0;
	for (size_t k = 5; k < GROUP_BYTES; k += ZERO_RECORD)
		step[k] = (uint8_t)(group >> 16);
	if (n > (window + CARRY_MASK + 1 - off) / size)
		n = (window + CARRY_MASK + 1 - off) / size;
	while (n - i >= GROUP && follows_group(at, step)) {
		i += GROUP;
		at += GROUP_BYTES;
	}
	return i;
}

/* Takes those records in the buffer that continue the run of zero pages, and returns how many pages
 * they are. */
static uint64_t take_zero_run(struct stream_reader *r, const struct page *p)
{
	uint64_t size = r->info->page_size, off = p->off + size, n = 0, some, found;
	uint64_t most = (r->blocks[p->block].length - off) / size;
	const uint8_t *at = r->in.buffer + r->in.begin;

	if (most > input__at_hand(&r->in) / ZERO_RECORD)
		most = input__at_hand(&r->in) / ZERO_RECORD;
	do {
		if (n >= GROUP)
			n += count_groups(at + n * ZERO_RECORD, off + n * size, size, most - n);
		some = most - n < GROUP ? most - n : GROUP;
		found = count_records(at + n * ZERO_RECORD, off + n * size, size, some);
		n += found;
	} while (found && found == some);
	input__take(&r->in, n * ZERO_RECORD);
	return n;
}

static int read_zero(struct stream_reader *r, const struct page *p)
{
	uint64_t pages;
	uint8_t value;
	int err = stream_reader__u8(r, &value, "a zero page");

	if (err)
		return err;
	if (value)
		return stream_reader__fail(r, p->at, -EINVAL, "a zero page of bytes 0x%02x", value);
	pages = 1 + take_zero_run(r, p);
	err = r->sink->zero(r->sink->opaque, p->block, p->off, pages * r->info->page_size);
	if (err)
		return stream_reader__fail_sink(r, p->at, err, p->block);
	r->info->zero_pages += pages;
	return 0;
}

static int read_payload(struct stream_reader *r, const struct page *p)
{
	size_t size = r->info->page_size;
	const uint8_t *data = input__peek(&r->in, size);
	void *memory;
	int err;

	if (!data)
		return stream_reader__fail_short(r, p->at, "a page");
	err = r->sink->write(r->sink->opaque, p->block, p->off, size, &memory);
	if (!err) {
		memcpy(memory, data, size);
		err = r->sink->written(r->sink->opaque);
	}
	if (err)
		return stream_reader__fail_sink(r, p->at, err, p->block);
	input__take(&r->in, size);
	r->info->payload_pages++;
	return 0;
}

/* Does what QEMU's load_xbzrle() does. */
static int read_xbzrle(struct stream_reader *r, const struct page *p)
{
	static const char what[] = "an XBZRLE page";
	const uint8_t *delta;
	uint8_t encoding;
	uint16_t len;
	void *memory;
	int err = stream_reader__u8(r, &encoding, what), damaged;

	if (!err)
		err = stream_reader__u16(r, &len, what);
	if (err)
		return err;
	if (encoding != XBZRLE_ENCODING || len > r->info->page_size)
		return stream_reader__fail(r, p->at, -EINVAL,
					   "an XBZRLE page of encoding %u, %u bytes "
					   "long",
					   encoding, len);
	delta = input__peek(&r->in, len);
	if (!delta)
		return stream_reader__fail_short(r, p->at, what);
	err = r->sink->write(r->sink->opaque, p->block, p->off, r->info->page_size, &memory);
	if (err)
		return stream_reader__fail_sink(r, p->at, err, p->block);
	damaged = xbzrle__apply(delta, len, memory, r->info->page_size);
	err = r->sink->written(r->sink->opaque);
	if (err)
		return stream_reader__fail_sink(r, p->at, err, p->block);
	if (damaged)
		return stream_reader__fail(r, p->at, damaged, "an XBZRLE page that is damaged");
	input__take(&r->in, len);
	r->info->payload_pages++;
	r->info->xbzrle_pages++;
	return 0;
}

static int read_page(struct stream_reader *r, uint64_t flags, struct page *p)
{
	int err = read_place(r, flags, p);

	if (err)
		return err;
	switch (flags & ~(uint64_t)RAM_CONTINUE) {
	case RAM_ZERO:
		return read_zero(r, p);
	case RAM_PAGE:
		return read_payload(r, p);
	default:
		return read_xbzrle(r, p);
	}
}

static int read_record(struct stream_reader *r, bool *end)
{
	struct page p = {.at = r->in.offset};
	uint64_t word, flags;
	int err = stream_reader__u64(r, &word, "a section of RAM");

	if (err)
		return err;
	err = stream_reader__find_page_size(r, word);
	if (err)
		return err;
	flags = word & (r->info->page_size - 1);
	p.off = word - flags;
	switch (flags & ~(uint64_t)RAM_CONTINUE) {
	case RAM_ZERO:
	case RAM_PAGE:
	case RAM_XBZRLE:
		return read_page(r, flags, &p);
	case RAM_MEM_SIZE:
		return read_blocks(r, p.at, p.off);
	case RAM_EOS:
		*end = true;
		return 0;
	case RAM_MULTIFD_FLUSH:
		if (!r->info->multifd_syncs++)
			r->first_sync = p.at;
		return 0;
	case RAM_HOOK:
		return stream_reader__fail(r, p.at, -ENOTSUP, "an RDMA hook: not supported");
	case RAM_COMPRESS_PAGE:
		return stream_reader__fail(r, p.at, -ENOTSUP,
					   "a page of the compress capability: "
					   "not supported");
	default:
		return stream_reader__fail(r, p.at, -ENOTSUP,
					   "RAM flags 0x%" PRIx64 ": not supported", flags);
	}
}

int stream_reader__ram(struct stream_reader *r)
{
	bool end = false;
	int err = 0;

	while (!err && !end)
		err = read_record(r, &end);
	return err;
}
