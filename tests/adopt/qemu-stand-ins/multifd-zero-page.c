// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stand-in for QEMU's multifd zero pages: our own words around the calls that the semantic patch is
 * about.
 */
#include "qemu/osdep.h"
#include "ram.h"

typedef struct {
	RAMBlock *block;
	uint8_t *host;
	uint32_t page_size, num, zero_num;
	ram_addr_t *offset, *zero;
} Params;

unsigned int multifd_send_zero_page_detect(Params *p)
{
	unsigned int normal = 0;

	for (unsigned int i = 0; i < p->num; i++) {
		ram_addr_t offset = p->offset[i];

		if (!buffer_is_zero(p->block->host + offset, p->page_size)) {
			p->offset[normal++] = offset;
			continue;
		}
		ram_release_page(p->block->idstr, offset);
	}
	return normal;
}

void multifd_recv_zero_page_process(Params *p)
{
	for (unsigned int i = 0; i < p->zero_num; i++) {
		void *page = p->host + p->zero[i];
		bool received = ramblock_recv_bitmap_test_byte_offset(p->block, p->zero[i]);

		if (migrate_postcopy_ram() || received) {
			memset(page, 0, p->page_size);
		}
		if (!received) {
			ramblock_recv_bitmap_set_offset(p->block, p->zero[i]);
		}
	}
}

/* Not guest memory. */
void params_clear(Params *p)
{
	memset(p, 0, sizeof(*p));
}
