// SPDX-License-Identifier: GPL-2.0-or-later
/* Code whose layout is known to the byte: written in assembly but for what is inlined. */
#include "code.h"

#define FUNCTION(name, body)                                                                       \
	".type " name ",@function\n" name ":\n.cfi_startproc\n" body "\n.cfi_endproc\n"

__asm__(".pushsection .text.names,\"ax\",@progbits\n"
	".globl exported\n" FUNCTION("exported", "nop; nop; ret") ".size exported, 6\n" /* lies */
	FUNCTION("first", "nop; nop; ret") ".size first, .-first\n"                     /* static */
	FUNCTION("second", "nop; nop; ret") ".size second, .-second\n"                  /* static */
	FUNCTION("ends_in_call", "call second") ".size ends_in_call, .-ends_in_call\n" FUNCTION(
		"after", "nop; ret") ".size after, .-after\n"
				     "nop; ret\n" /* neither symbol nor FDE */
				     ".popsection\n"
				     ".pushsection .text.unlikely,\"ax\",@progbits\n" FUNCTION(
					     "split.cold",
					     "nop; ret") ".size split.cold, .-split.cold\n"
							 "split_cold = split.cold\n"
							 ".popsection\n");

#define LOCAL __attribute__((visibility("hidden")))
extern const char exported[], first[] LOCAL, second[] LOCAL, after[] LOCAL, split_cold[] LOCAL;

static inline __attribute__((always_inline)) const void *innermost(struct code *c)
{
	const void *pc;

	c->lines[0] = __LINE__ + 1;
	__asm__ volatile("1: lea 1b(%%rip), %0" : "=r"(pc));
	return pc;
}

static inline __attribute__((always_inline)) const void *middle(struct code *c)
{
	c->lines[1] = __LINE__ + 1;
	return innermost(c);
}

static __attribute__((noipa)) void outer(struct code *c)
{
	c->lines[2] = __LINE__ + 1;
	c->inlined = middle(c);
}

struct code code(void)
{
	struct code c = {.exported = exported,
			 .first = first,
			 .second = second,
			 .after = after,
			 .cold = split_cold};

	outer(&c);
	return c;
}
