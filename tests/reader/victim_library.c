// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A function in a file of its own that populates pages.
 */
#include <stddef.h>

void populate_in_library(volatile char *at, size_t pages);

void populate_in_library(volatile char *at, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		at[i * 4096] = 1;
}
