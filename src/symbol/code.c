// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the bytes before an address, and asks the architecture whether they end with a call
 * instruction.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "symbol/arch.h"
#include "symbol/code.h"
#include "symbol/image.h"

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

int code__is_after_call(const struct code *c, uint64_t address)
{
	const GElf_Phdr *load = address ? image__load_at(&c->image, address - 1) : NULL;
	/* one byte more: a call is recognised by bytes that may lie behind it */
	uint8_t bytes[ARCH_CALL_MAX + 1] = {0}, *end = bytes + ARCH_CALL_MAX;
	uint64_t target = 0;
	size_t have;
	int err;

	if (!load || !(load->p_flags & PF_X) || address - load->p_vaddr < arch.call_min)
		return -EFAULT;
	have = address - load->p_vaddr < arch.call_max ? (size_t)(address - load->p_vaddr)
						       : arch.call_max;
	err = image__read(&c->image, load->p_offset + (address - load->p_vaddr) - have, end - have,
			  have);
	if (err)
		return err;
	switch (arch.call_before(end, have, address, &target)) {
	case CALL_NONE:
		return 0;
	case CALL_INDIRECT:
		return 1;
	case CALL_DIRECT:
		return is_code(c, target);
	}
	return 0;
}
