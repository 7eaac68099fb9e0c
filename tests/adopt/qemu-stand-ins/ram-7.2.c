// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stand-in for the parts of QEMU 7.2's RAM loader and saver that later versions have otherwise: our
 * own words around the calls that the semantic patch is about.
 */
#include "qemu/osdep.h"
#include "ram.h"

void ram_handle_compressed(void *host, uint8_t ch, uint64_t size)
{
	if (ch != 0 || !buffer_is_zero(host, size)) {
		memset(host, ch, size);
	}
}

static void ram_save_cleanup(void)
{
	RAMBlock *block;

	RAMBLOCK_FOREACH_NOT_IGNORED(block)
	{
		g_free(block->bmap);
		block->bmap = NULL;
	}
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
		if (flags & (RAM_SAVE_FLAG_ZERO | RAM_SAVE_FLAG_PAGE)) {
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
			ram_handle_compressed(host, ch, TARGET_PAGE_SIZE);
			break;
		case RAM_SAVE_FLAG_PAGE:
			qemu_get_buffer(f, host, TARGET_PAGE_SIZE);
			break;
		}
	}
	return ret;
}

static int save_zero_page_to_file(QEMUFile *f, RAMBlock *block, ram_addr_t offset)
{
	uint8_t *p = block->host + offset;
	int len = 0;

	if (buffer_is_zero(p, TARGET_PAGE_SIZE)) {
		len += save_page_header(f, block, offset | RAM_SAVE_FLAG_ZERO);
	}
	return len;
}

const void *const used[] = {ram_save_cleanup, ram_load_precopy, save_zero_page_to_file};
