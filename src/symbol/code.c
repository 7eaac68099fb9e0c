// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Call instructions of x86-64, recognised from their end: prefixes before the opcode do not matter.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "symbol/code.h"
#include "symbol/image.h"

enum { CALL_MAX = 7, CALL_MIN = 2 }; /* without prefixes */

struct code {
	struct image image;
};

static int opened(struct code **out, struct code *c, int err)
{
	*out = err ? NULL : c;
	if (err)
		free(c);
	return err;
}

int code__open(struct code **out, int fd)
{
	struct code *c = calloc(1, sizeof(*c));

	return opened(out, c, c ? image__open(&c->image, fd) : -ENOMEM);
}

int code__open_image(struct code **out, const void *image, size_t size)
{
	struct code *c = calloc(1, sizeof(*c));

	return opened(out, c, c ? image__open_memory(&c->image, image, size) : -ENOMEM);
}

void code__close(struct code *c)
{
	if (!c)
		return;
	image__close(&c->image);
	free(c);
}

/* Bytes of an indirect near call (FF /2) that begins with p[0..2]; 0 if it is none. */
static size_t indirect_call_len(const uint8_t *p)
{
	unsigned int mod = p[1] >> 6, rm = p[1] & 7, sib = rm == 4 && mod != 3;

	if (p[0] != 0xff || (p[1] >> 3 & 7) != 2)
		return 0;
	if (mod == 1)
		return 3 + sib;
	if (mod == 2 || (mod == 0 && (rm == 5 || (sib && (p[2] & 7) == 5))))
		return 6 + sib;
	return 2 + sib;
}

/* Targets of direct calls lie in the file's own code. */
static bool is_direct_call(const struct code *c, const uint8_t *p, uint64_t after)
{
	uint32_t distance = (uint32_t)p[1] | (uint32_t)p[2] << 8 | (uint32_t)p[3] << 16 |
			    (uint32_t)p[4] << 24;
	uint64_t target = after + (uint64_t)(int64_t)(int32_t)distance;

	return p[0] == 0xe8 && target < UINT64_MAX &&
	       image__executable(&c->image, target, target + 1);
}

int code__is_after_call(const struct code *c, uint64_t address)
{
	const GElf_Phdr *load = address ? image__load_at(&c->image, address - 1) : NULL;
	uint8_t bytes[CALL_MAX + 1] = {0}; /* a call of two bytes at the end has no SIB */
	size_t have;
	int err;

	if (!load || !(load->p_flags & PF_X) || address - load->p_vaddr < CALL_MIN)
		return -EFAULT;
	have = address - load->p_vaddr < CALL_MAX ? (size_t)(address - load->p_vaddr) : CALL_MAX;
	err = image__read(&c->image, load->p_offset + (address - load->p_vaddr) - have,
			  bytes + CALL_MAX - have, have);
	if (err)
		return err;
	for (size_t len = CALL_MIN; len <= have; len++)
		if (indirect_call_len(bytes + CALL_MAX - len) == len)
			return 1;
	return have >= 5 && is_direct_call(c, bytes + CALL_MAX - 5, address);
}
