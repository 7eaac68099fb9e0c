// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a frame can be laid out: by rsp, by rbp, realigned, with many callee-saved registers, deep.
 */
#include <alloca.h>
#include <execinfo.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "shapes.h"

enum { WHOLE_FRAMES = 126, TOO_MANY_FRAMES = 200, MAX_FRAMES = 127 };

static SHAPE void keep(const void *p)
{
	__asm__ volatile("" ::"r"(p) : "memory");
}

static SHAPE void shape_plain(void)
{
	touch(3);
	STAYS;
}

static SHAPE void shape_tail(void)
{
	touch(2); /* a jump, where sibling calls are on */
}

static SHAPE void shape_alloca(size_t size)
{
	char *p = alloca(size);

	memset(p, 1, size);
	keep(p);
	touch(5);
	STAYS;
}

static SHAPE void shape_array(size_t n)
{
	long array[n];

	array[n - 1] = 7;
	keep(array);
	touch(6);
	STAYS;
}

/* Arguments on the stack and a stack aligned anew: the CFA is what a saved word says (DRAP). */
static SHAPE void shape_realigned(int a, int b, int c, int d, int e, int f, int g, size_t size)
{
	char aligned[256] __attribute__((aligned(128)));
	char *p = alloca(size);

	memset(aligned, a + b + c + d + e + f + g, sizeof(aligned));
	keep(aligned);
	keep(p);
	if ((uintptr_t)aligned % 128)
		abort();
	touch(7);
	STAYS;
}

#ifdef __x86_64__
__attribute__((force_align_arg_pointer))
#endif
static SHAPE void
shape_force_aligned(void)
{
	char aligned[64] __attribute__((aligned(64))) = "";

	keep(aligned);
	touch(8);
	STAYS;
}

/* All six callee-saved registers hold something; rbp is one of them. */
static SHAPE long shape_registers(const long *v)
{
	long a = v[0], b = v[1], c = v[2], d = v[3], e = v[4], f = v[5];

	__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));
	touch(9);
	__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));
	return a + b + c + d + e + f;
}

/* rbp is the CFA of the outer frame, and on the stack of the inner one. */
static SHAPE void shape_registers_in_array(size_t n)
{
	long array[n];

	memset(array, 1, sizeof(array));
	array[0] = shape_registers(array);
	keep(array);
}

static SHAPE void shape_large(void)
{
	char room[40000];

	room[0] = 1;
	keep(room);
	touch(10);
	STAYS;
}

/* Frames at the end of the recursion if it does not go deeper. */
static SHAPE int frames_here(void)
{
	void *frames[2 * TOO_MANY_FRAMES];

	return backtrace(frames, 2 * TOO_MANY_FRAMES) - 1;
}

static SHAPE int deepest(size_t pages)
{
	int frames = pages ? 0 : frames_here();

	STAYS;
	for (volatile char *p = pages ? chain__fresh(pages) : NULL; pages; pages--, p += CHAIN_PAGE)
		*p = 1;
	return frames;
}

static SHAPE int recurse(int levels, size_t pages)
{
	int frames = levels ? recurse(levels - 1, pages) : deepest(pages);

	STAYS;
	return frames;
}

static SHAPE void deep_whole(int levels, size_t pages)
{
	recurse(levels, pages);
	STAYS;
}

static SHAPE void deep_cut(int levels, size_t pages)
{
	recurse(levels, pages);
	STAYS;
}

static SHAPE int deep_measured(void)
{
	int frames = recurse(0, 0);

	STAYS;
	return frames;
}

void shapes_of_frames(void)
{
	int frames = deep_measured();

	shape_plain();
	shape_tail();
	for (size_t size = 16; size < 100; size += 24)
		shape_alloca(size);
	for (size_t size = 1; size < 100; size += 33)
		shape_array(size);
	for (size_t size = 32; size < 200; size += 100)
		shape_realigned(1, 2, 3, 4, 5, 6, 7, size);
	shape_force_aligned();
	shape_registers_in_array(6);
	shape_large();
	deep_whole(WHOLE_FRAMES - frames, 11);
	deep_cut(TOO_MANY_FRAMES - frames, 12);

	chain__expect("shape_plain", 3, "complete", 0);
	chain__expect("shape_alloca", 20, "complete", 0);
	chain__expect("shape_array", 18, "complete", 0);
	chain__expect("shape_realigned", 14, "complete", 0);
	chain__expect("shape_force_aligned", 8, "complete", 0);
	chain__expect("shape_registers", 9, "complete", 0);
	chain__expect("shape_large", 10, "complete", 0);
	chain__expect("recurse", 11, "complete", WHOLE_FRAMES);
	chain__expect("recurse", 12, "truncated", MAX_FRAMES);
	chain__expect("recurse", 23, "-", 0);
}
