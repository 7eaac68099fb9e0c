// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stand-in for QEMU's RDMA zero chunks, of 8.2 and later and of before: our own words around the
 * calls that the semantic patch is about.
 */
#include "qemu/osdep.h"
#include "ram.h"

typedef struct {
	uint64_t offset, length;
	uint32_t value;
} Chunk;

int rdma_registration_handle(uint8_t *host_addr, Chunk *comp)
{
	if (comp->value) {
		return -EIO;
	}
	ram_handle_zero(host_addr, comp->length);
	return 0;
}

int qemu_rdma_registration_handle(uint8_t *host_addr, Chunk *comp)
{
	ram_handle_compressed(host_addr, comp->value, comp->length);
	return 0;
}

bool qemu_rdma_write_one(uint64_t addr, uint64_t length)
{
	return buffer_is_zero((void *)(uintptr_t)addr, length);
}
