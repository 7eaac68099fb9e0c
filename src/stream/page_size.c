// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds the size of the target's pages if the stream does not say it. QEMU says it only for targets
 * whose pages are larger than the target's smallest (migration/savevm.c:
 * vmstate_target_page_bits_needed()): so neither for Arm with pages of 1 KiB, nor for targets that
 * have only one size. In the first round pages follow each other, so the offset of the second page
 * is the size.
 */
#include "stream/reader.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* RAM_SAVE_FLAG_* of migration/ram.c */
enum {
	RAM_ZERO = 0x02,
	RAM_PAGE = 0x08,
	RAM_EOS = 0x10,
	RAM_CONTINUE = 0x20,
	RAM_XBZRLE = 0x40,
	RECORD = 8
};

/* The bits of the smallest page, 1 KiB: all flags fit into them. */
static const uint64_t flags_mask = 1024 - 1;

static uint64_t word_at(const uint8_t *bytes)
{
	uint64_t v;

	memcpy(&v, bytes, sizeof(v));
	return be64toh(v);
}

/* True if the record that begins "at" bytes ahead is that of the second page, assuming pages of
 * this size. If the section has only one page, only the usual size is accepted. */
static bool is_second(struct stream_reader *r, size_t at, uint64_t size)
{
	const uint8_t *bytes = input__peek(&r->in, at + RECORD);
	uint64_t word = bytes ? word_at(bytes + at) : 0, flags = word & flags_mask;

	if (word == RAM_EOS)
		return size == STREAM_PAGE_USUAL;
	return word - flags == size &&
	       (flags == (RAM_ZERO | RAM_CONTINUE) || flags == (RAM_PAGE | RAM_CONTINUE));
}

/* Finds the size from the first page of a block, of whose record 8 bytes have been taken; 0 if what
 * follows does not tell. */
static uint32_t find(struct stream_reader *r, uint64_t flags)
{
	static const uint32_t sizes[] = {STREAM_PAGE_USUAL, 1024, 2048, 8192, 16384, 32768, 65536};
	const uint8_t *name;
	size_t place = 0;

	if (!(flags & RAM_CONTINUE)) {
		name = input__peek(&r->in, 1);
		if (!name)
			return 0;
		place = 1 + (size_t)*name;
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		if (is_second(r, place + (flags & RAM_ZERO ? 1 : sizes[i]), sizes[i]))
			return sizes[i];
	return 0;
}

int stream_reader__check_lengths(struct stream_reader *r, uint64_t at)
{
	for (unsigned int i = 0; i < r->nr_blocks; i++)
		if (r->blocks[i].length % r->info->page_size)
			return stream_reader__fail(r, at, -EINVAL,
						   "RAM block %s has %" PRIu64
						   " bytes, which are no whole pages of %" PRIu32,
						   r->blocks[i].name, r->blocks[i].length,
						   r->info->page_size);
	return 0;
}

int stream_reader__find_page_size(struct stream_reader *r, uint64_t word)
{
	uint64_t at = r->in.offset - RECORD, flags = word & flags_mask;
	uint64_t kind = flags & ~(uint64_t)RAM_CONTINUE;
	uint32_t found = 0;

	if (r->knows_page_size || (kind != RAM_ZERO && kind != RAM_PAGE && kind != RAM_XBZRLE))
		return 0;
	r->knows_page_size = true; /* the size is looked for only once */
	if (word == flags && kind != RAM_XBZRLE)
		found = find(r, flags);
	if (found)
		r->info->page_size = found;
	return stream_reader__check_lengths(r, at);
}
