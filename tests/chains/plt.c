// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages touched by what lies between a call and the function called: a PLT stub that pushes its
 * index onto a page of stack that nobody touched yet, the stub before all stubs, and the resolver
 * behind it. Each function is called once, so that its first call resolves it.
 */
#include <stdint.h>
#include <sys/mman.h>

#include "chain.h"

enum { ROOM = 64 };

/* Calls a function through its stub, with the return address pushed "below" bytes under "top". */
#define CALLER(name)                                                                               \
	void through_##name(char *rsp);                                                            \
	__asm__(".text\n"                                                                          \
		".p2align 4\n"                                                                     \
		".type through_" #name ", @function\n"                                             \
		"through_" #name ":\n"                                                             \
		".cfi_startproc\n"                                                                 \
		"push %rbp\n"                                                                      \
		".cfi_def_cfa_offset 16\n"                                                         \
		".cfi_offset %rbp, -16\n"                                                          \
		"mov %rsp, %rbp\n"                                                                 \
		".cfi_def_cfa_register %rbp\n"                                                     \
		"mov %rdi, %rsp\n"                                                                 \
		"call " #name "@PLT\n"                                                             \
		"leave\n"                                                                          \
		".cfi_def_cfa %rsp, 8\n"                                                           \
		"ret\n"                                                                            \
		".cfi_endproc\n"                                                                   \
		".size through_" #name ", .-through_" #name "\n")

CALLER(far_stub);
CALLER(far_first_stub);
CALLER(far_resolver);
CALLER(far_deeper);

/* The last page of a stack is there, and none of those below it. */
static SHAPE void on_fresh_stack(void (*through)(char *), size_t above)
{
	char *page = chain__fresh(ROOM) + (ROOM - 1) * CHAIN_PAGE;

	*(volatile char *)page = 1;
	through(page + above);
	STAYS;
}

static SHAPE long shape(void (*through)(char *), size_t above)
{
	long before = chain__populated();

	on_fresh_stack(through, above);
	return chain__populated() - before - 1;
}

int main(void)
{
	long stub, first_stub, resolver, deeper;

	chain__ready();
	stub = shape(through_far_stub, 8);              /* its push is the first below the page, */
	first_stub = shape(through_far_first_stub, 16); /* this one its second, */
	resolver = shape(through_far_resolver, 24);
	deeper = shape(through_far_deeper, 64);

	chain__expect("on_fresh_stack", stub + first_stub + resolver + 4, "complete", 0);
	/* Its frame hangs on rbx, which nobody follows. */
	chain__expect("-", deeper, "unsupported-rule", 0);
	chain__expect("through_far_stub", stub, "complete", 0);
	chain__expect("through_far_first_stub", first_stub, "complete", 0);
	chain__expect("-", chain__populated(), "-", 0);
	return chain__done();
}
