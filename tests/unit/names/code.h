/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of code that test_resolve*.c ask names of. */
#ifndef MIGPOP_TESTS_NAMES_CODE_H
#define MIGPOP_TESTS_NAMES_CODE_H

struct code {
	const void *exported;       /* its symbol claims the next function, too */
	const void *first, *second; /* static, without a byte between them */
	const void *after;          /* follows a function that ends in a call */
	const void *cold;           /* of a function whose cold part lies elsewhere */
	const void *inlined;        /* innermost() in middle() in outer() */
	int lines[3];               /* of each of these */
};

struct code code(void);

#endif
