// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stand-in for QEMU's RAM loader and saver, 8.2 and later: our own words around the calls that the
 * semantic patch is about. What must not change stands beside what must.
 */
#include "qemu/osdep.h"
#include "ram.h"

void ram_handle_zero(void *host, uint64_t size)
{
	if (!buffer_is_zero(host, size)) {
		memset(host, 0, size);
	}
}

static void received_begin(void)
{
	RAMBlock *rb;

	RAMBLOCK_FOREACH_NOT_IGNORED(rb)
	{
		rb->receivedmap = bitmap_new(rb->max_length >> TARGET_PAGE_BITS);
	}
}

static void received_end(void)
{
	RAMBlock *rb;

	RAMBLOCK_FOREACH_NOT_IGNORED(rb)
	{
		g_free(rb->receivedmap);
		rb->receivedmap = NULL;
	}
}

static void ram_list_init_bitmaps(void)
{
	RAMBlock *block;

	RAMBLOCK_FOREACH_NOT_IGNORED(block)
	{
		unsigned long pages = block->max_length >> TARGET_PAGE_BITS;

		block->bmap = bitmap_new(pages);
	}
}

static void ram_bitmaps_destroy(void)
{
	RAMBlock *block;

	RAMBLOCK_FOREACH_NOT_IGNORED(block)
	{
		g_free(block->bmap);
		block->bmap = NULL;
	}
}

/* The destination's dirty bitmap: no region. */
static void colo_begin(RAMBlock *block)
{
	block->bmap = bitmap_new(block->max_length >> TARGET_PAGE_BITS);
}

static int ram_load_precopy(QEMUFile *f)
{
	int flags = 0, ret = 0;

	while (!ret && !(flags & RAM_SAVE_FLAG_EOS)) {
		ram_addr_t addr = qemu_get_be64(f);
		void *host = NULL;
		uint8_t ch;

		flags = addr & ~TARGET_PAGE_MASK;
		addr &= TARGET_PAGE_MASK;
		if (flags & (RAM_SAVE_FLAG_ZERO | RAM_SAVE_FLAG_PAGE | RAM_SAVE_FLAG_XBZRLE)) {
			RAMBlock *block = ram_block_from_stream(f, flags);

			host = host_from_ram_block_offset(block, addr);
			if (!host) {
				ret = -EINVAL;
				break;
			}
			trace_ram_load_loop(block->idstr, (uint64_t)addr, flags, host);
		}

		switch (flags & ~RAM_SAVE_FLAG_CONTINUE) {
		case RAM_SAVE_FLAG_ZERO:
			ch = qemu_get_byte(f);
			if (ch) {
				ret = -EINVAL;
				break;
			}
			ram_handle_zero(host, TARGET_PAGE_SIZE);
			break;
		case RAM_SAVE_FLAG_PAGE:
			qemu_get_buffer(f, host, TARGET_PAGE_SIZE);
			break;
		case RAM_SAVE_FLAG_XBZRLE:
			if (load_xbzrle(f, addr, host) < 0) {
				ret = -EINVAL;
			}
			break;
		case RAM_SAVE_FLAG_EOS:
			break;
		default:
			ret = -EINVAL;
		}
	}
	return ret;
}

/* mapped-ram reaches the handler by its name. */
static bool handle_zero_mapped_ram(RAMBlock *block, unsigned long from, unsigned long to)
{
	void *host = host_from_ram_block_offset(block, from << TARGET_PAGE_BITS);

	if (host) {
		ram_handle_zero(host, (to - from) * TARGET_PAGE_SIZE);
	}
	return host;
}

static int save_zero_page(QEMUFile *f, RAMBlock *block, ram_addr_t offset)
{
	uint8_t *p = block->host + offset;

	if (!buffer_is_zero(p, TARGET_PAGE_SIZE)) {
		return 0;
	}
	return save_page_header(f, block, offset | RAM_SAVE_FLAG_ZERO);
}

/* A copy of a page: not guest memory. */
static bool cached_page_is_zero(const uint8_t *copy)
{
	return buffer_is_zero(copy, TARGET_PAGE_SIZE);
}

static inline void populate_read_range(RAMBlock *block, ram_addr_t offset, ram_addr_t size)
{
	const ram_addr_t end = offset + size;

	for (; offset < end; offset += block->page_size) {
		char byte = *((char *)block->host + offset);

		asm volatile("" : "+r"(byte));
	}
}

const void *const used[] = {received_begin,         received_end,   ram_list_init_bitmaps,
			    ram_bitmaps_destroy,    colo_begin,     ram_load_precopy,
			    handle_zero_mapped_ram, save_zero_page, cached_page_is_zero,
			    populate_read_range};
