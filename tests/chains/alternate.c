// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Callers that take turns, with as little between them to tell them apart as there can be: the same
 * leaf PC, the same sp, the same depth. Each turn touches one fresh page.
 *
 *	alternate KIND TURNS
 *
 * Prints "turns KIND CALLERS EACH": CALLERS chains are expected, of EACH pages.
 */
#include <alloca.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"

enum { ROUND = 4096, LEVELS = 20 };

static volatile char *next;
static const char *leaf_sp;
static unsigned long turns_done, other_sp;

/* As many turns are always within the pages at hand. */
static void new_round(void)
{
	chain__recycle();
	next = chain__fresh(ROUND);
}

SHAPE void leaf(void)
{
	const char *sp;

	/* A frame address would make it save the frame pointer. */
#ifdef __aarch64__
	__asm__ volatile("mov %0, sp" : "=r"(sp));
#else
	__asm__ volatile("mov %%rsp, %0" : "=r"(sp));
#endif
	other_sp += leaf_sp && sp != leaf_sp;
	leaf_sp = sp;
	*next = 1;
	next += CHAIN_PAGE;
	turns_done++;
}

/* Calls of one function, which differ in the return address alone. */
static SHAPE void call(unsigned int caller)
{
	switch (caller) {
#define CALLER(n)                                                                                  \
	case n:                                                                                    \
		leaf();                                                                            \
		__asm__ volatile("/* " #n " */" ::: "memory"); /* not to be merged */              \
		break
		CALLER(0);
		CALLER(1);
		CALLER(2);
		CALLER(3);
		CALLER(4);
		CALLER(5);
		CALLER(6);
		CALLER(7);
#undef CALLER
	default:
		abort();
	}
}

static SHAPE void descend(int levels)
{
	if (levels)
		descend(levels - 1);
	else
		leaf();
	STAYS;
}

/* Frames alike, but for one LEVELS up. */
static SHAPE void call_far(unsigned int caller)
{
	if (caller) {
		descend(LEVELS);
		__asm__ volatile("/* second */" ::: "memory");
	} else {
		descend(LEVELS);
		__asm__ volatile("/* first */" ::: "memory");
	}
}

/* rbp is on the stack and means nothing. On arm64 it is x29, which compilers do not save for that.
 */
#ifdef __aarch64__
void forget_rbp(void);
__asm__(".text\n"
	".p2align 2\n"
	".type forget_rbp, @function\n"
	"forget_rbp:\n"
	".cfi_startproc\n"
	"stp x29, x30, [sp, -16]!\n"
	".cfi_def_cfa_offset 16\n"
	".cfi_offset x29, -16\n"
	".cfi_offset x30, -8\n"
	"mov x29, xzr\n"
	"bl leaf\n"
	"ldp x29, x30, [sp], 16\n"
	".cfi_restore x29\n"
	".cfi_restore x30\n"
	".cfi_def_cfa_offset 0\n"
	"ret\n"
	".cfi_endproc\n"
	".size forget_rbp, .-forget_rbp\n");
#else
static SHAPE void forget_rbp(void)
{
	__asm__ volatile("xor %%ebp, %%ebp" ::: "rbp");
	leaf();
	STAYS;
}
#endif

/* Its frame hangs on rbp: with "room" bytes less of it and as many more in the caller's frame, all
 * that changes for the leaf is rbp. */
static SHAPE void hang(size_t room, void (*callee)(void))
{
	char *p = alloca(room);

	__asm__ volatile("" ::"r"(p) : "memory");
	callee();
	STAYS;
}

static SHAPE void call_hanging_low(size_t room, void (*callee)(void))
{
	hang(room, callee);
	STAYS;
}

static SHAPE void call_hanging_high(size_t room, void (*callee)(void))
{
	char more[128];

	__asm__ volatile("" ::"r"(more) : "memory");
	hang(room, callee);
	STAYS;
}

static SHAPE void call_hanging(unsigned int caller)
{
	if (caller)
		call_hanging_high(256, leaf);
	else
		call_hanging_low(256 + 128, leaf);
	STAYS;
}

/* As above, but rbp too is the same, and only what was saved of it tells. */
static SHAPE void call_hanging_deeper(unsigned int caller)
{
	if (caller)
		call_hanging_high(256, forget_rbp);
	else
		call_hanging_low(256 + 128, forget_rbp);
	STAYS;
}

static const struct kind {
	const char *name;
	void (*call)(unsigned int caller);
	unsigned int callers;
} kinds[] = {
	{"two", call, 2},
	{"three", call, 3},
	{"five", call, 5},
	{"eight", call, 8},
	{"far", call_far, 2},
	{"hanging", call_hanging, 2},
	{"hanging-deeper", call_hanging_deeper, 2},
};

/* One caller of calls for them all. */
static SHAPE void take_turns(const struct kind *kind, unsigned long turns)
{
	for (unsigned long i = 0; i < turns;) {
		unsigned long end = turns - i < ROUND ? turns : i + ROUND;

		new_round();
		for (; i < end; i++)
			kind->call((unsigned int)(i % kind->callers));
	}
}

int main(int argc, char **argv)
{
	const struct kind *kind = NULL;
	unsigned long turns = argc == 3 ? strtoul(argv[2], NULL, 0) : 0;

	for (size_t i = 0; turns && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, argv[1]))
			kind = &kinds[i];
	if (!kind) {
		fputs("usage: alternate two|three|five|eight|far|hanging|hanging-deeper TURNS\n",
		      stderr);
		return 2;
	}
	turns -= turns % kind->callers;
	chain__fresh(1); /* so that there is something to recycle */
	chain__ready();
	take_turns(kind, turns);
	if (other_sp || turns_done != turns) {
		fprintf(stderr, "alternate: sp was another in %lu of %lu turns\n", other_sp,
			turns_done);
		return 1;
	}
	printf("turns %s %u %lu\n", kind->name, kind->callers, turns / kind->callers);
	return chain__done();
}
