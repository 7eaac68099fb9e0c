/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stream that is made byte by byte, as QEMU's migration/savevm.c and ram.c write it.
 */
#ifndef TESTS_STREAM_MADE_H
#define TESTS_STREAM_MADE_H

#include <assert.h>
#include <stdint.h>
#include <string.h>

#define PAGE 4096

enum { ZERO = 0x02, MEM_SIZE = 0x04, FULL = 0x08, EOS = 0x10, CONTINUE = 0x20, XBZRLE = 0x40 };
enum { START = 1, PART = 2, END = 3, DEVICE = 4, SUBSECTION = 5, CONFIGURATION = 7, COMMAND = 8 };

struct made {
	uint8_t data[1 << 20];
	size_t len;
};

static inline void put(struct made *m, const void *data, size_t len)
{
	assert(m->len + len <= sizeof(m->data));
	memcpy(m->data + m->len, data, len);
	m->len += len;
}

static inline void put_number(struct made *m, uint64_t v, int size)
{
	for (int i = size - 1; i >= 0; i--) {
		uint8_t byte = (uint8_t)(v >> 8 * i);

		put(m, &byte, 1);
	}
}

static inline void put_string(struct made *m, const char *s)
{
	put_number(m, strlen(s), 1);
	put(m, s, strlen(s));
}

static inline void put_header(struct made *m)
{
	m->len = 0;
	put(m, "QEVM", 4);
	put_number(m, 3, 4);
	put_number(m, CONFIGURATION, 1);
	put_number(m, 2, 4);
	put(m, "pc", 2);
}

static inline void put_start(struct made *m, const char *name)
{
	put_number(m, START, 1);
	put_number(m, 2, 4);
	put_string(m, name);
	put_number(m, 0, 4);
	put_number(m, 4, 4);
}

static inline void put_subsection(struct made *m, const char *name)
{
	put_number(m, SUBSECTION, 1);
	put_string(m, name);
	put_number(m, 1, 4);
}

static inline void put_block(struct made *m, const char *name, uint64_t length)
{
	put_string(m, name);
	put_number(m, length, 8);
}

static inline void put_end_of_section(struct made *m)
{
	put_number(m, EOS, 8);
	put_number(m, 0x7e, 1);
	put_number(m, 2, 4);
}

static inline void put_section(struct made *m, int type)
{
	put_number(m, (uint64_t)type, 1);
	put_number(m, 2, 4);
}

/* Two blocks, of 16 pages and one. */
static inline void put_setup(struct made *m)
{
	put_header(m);
	put_start(m, "ram");
	put_number(m, 17 * PAGE | MEM_SIZE, 8);
	put_block(m, "ram0", 16 * PAGE);
	put_block(m, "rom", PAGE);
	put_end_of_section(m);
}

static inline void put_zero(struct made *m, const char *block, uint64_t page)
{
	put_number(m, page * PAGE | ZERO | (block ? 0 : CONTINUE), 8);
	if (block)
		put_string(m, block);
	put_number(m, 0, 1);
}

static inline void put_page(struct made *m, const char *block, uint64_t page, uint8_t value)
{
	uint8_t data[PAGE];

	memset(data, value, sizeof(data));
	put_number(m, page * PAGE | FULL | (block ? 0 : CONTINUE), 8);
	if (block)
		put_string(m, block);
	put(m, data, sizeof(data));
}

static inline void put_delta(struct made *m, uint64_t page, const void *delta, size_t len)
{
	put_number(m, page * PAGE | XBZRLE | CONTINUE, 8);
	put_number(m, 1, 1);
	put_number(m, len, 2);
	put(m, delta, len);
}

static inline void put_end(struct made *m)
{
	put_section(m, END);
	put_end_of_section(m);
}

#endif
