/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line for each expectation that does not hold; the program goes on, and fails at its end.
 */
#ifndef HOLDS_H
#define HOLDS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static unsigned int expected, failed;

__attribute__((format(printf, 2, 3))) static inline bool holds(bool ok, const char *fmt, ...)
{
	va_list args;

	expected++;
	if (ok)
		return true;
	failed++;
	fputs("FAIL ", stdout);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	return false;
}

static inline bool equals(const char *what, long long found, long long wanted)
{
	return holds(found == wanted, "%s: %lld, expected %lld", what, found, wanted);
}

/* What main() returns: nothing expected is no success. */
static inline int verdict(void)
{
	printf("%u expectations, %u failed\n", expected, failed);
	return failed || !expected;
}

#endif
