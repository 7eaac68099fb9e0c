// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Recognises call instructions from their last byte backwards. On x86-64, prefixes before the
 * opcode do not matter then.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "symbol/code.h"
#include "symbol/image.h"

#ifdef __aarch64__
enum { CALL_MAX = 4, CALL_MIN = 4 };
#else
enum { CALL_MAX = 7, CALL_MIN = 2 }; /* without prefixes */
#endif

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

/* The target of a direct call must lie in the file's own code. */
static bool is_code(const struct code *c, uint64_t target)
{
	return target < UINT64_MAX && image__executable(&c->image, target, target + 1);
}

static uint32_t word(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

#ifdef __aarch64__

/* Recognises BL, BLR, and BLRAA and its variants, which check a signed pointer before they branch.
 * */
static bool ends_with_call(const struct code *c, const uint8_t *end, size_t have, uint64_t after)
{
	uint32_t op = have < 4 ? 0 : word(end - 4);

	if (op >> 26 == 0x25)
		return is_code(c, after - 4 + (uint64_t)((int64_t)(int32_t)(op << 6) >> 4));
	return (op & 0xfffffc1f) == 0xd63f0000 || (op & 0xfefff800) == 0xd63f0800;
}

#else

/* The length in bytes of the indirect near call (FF /2) that begins at "p", judged by p[0..2]; 0 if
 * it is none. */
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

static bool ends_with_call(const struct code *c, const uint8_t *end, size_t have, uint64_t after)
{
	for (size_t len = CALL_MIN; len <= have; len++)
		if (indirect_call_len(end - len) == len)
			return true;
	return have >= 5 && end[-5] == 0xe8 &&
	       is_code(c, after + (uint64_t)(int64_t)(int32_t)word(end - 4));
}

#endif

int code__is_after_call(const struct code *c, uint64_t address)
{
	const GElf_Phdr *load = address ? image__load_at(&c->image, address - 1) : NULL;
	/* one byte more: for a call of two bytes, p[2] lies behind the call */
	uint8_t bytes[CALL_MAX + 1] = {0};
	size_t have;
	int err;

	if (!load || !(load->p_flags & PF_X) || address - load->p_vaddr < CALL_MIN)
		return -EFAULT;
	have = address - load->p_vaddr < CALL_MAX ? (size_t)(address - load->p_vaddr) : CALL_MAX;
	err = image__read(&c->image, load->p_offset + (address - load->p_vaddr) - have,
			  bytes + CALL_MAX - have, have);
	if (err)
		return err;
	return ends_with_call(c, bytes + CALL_MAX, have, address);
}
