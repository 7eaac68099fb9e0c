// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For each line of its input: populates 400 pages in a function of the program and 300 in one of its
 * library, and says so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { IN_PROGRAM = 400, IN_LIBRARY = 300 };

void populate_in_library(volatile char *at, size_t pages); /* victim_library.c */

static __attribute__((noinline, noclone)) void populate_in_program(volatile char *at, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		at[i * 4096] = 1;
}

static char *map(size_t pages)
{
	char *at = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);

	if (at == MAP_FAILED)
		exit(1);
	madvise(at, pages * 4096, MADV_NOHUGEPAGE);
	return at;
}

int main(void)
{
	char line[16];

	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		populate_in_program(map(IN_PROGRAM), IN_PROGRAM);
		populate_in_library(map(IN_LIBRARY), IN_LIBRARY);
		puts("done");
		fflush(stdout);
	}
	return 0;
}
