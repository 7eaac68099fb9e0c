// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two callers of one function that writes to fresh memory, built with frame pointers: 100 pages by
 * one, 50 by the other.
 */
#include <stdlib.h>
#include <sys/mman.h>

static volatile char *next;

__attribute__((noipa)) void leaf(int pages)
{
	/* A leaf is given no frame but on demand. */
	__asm__ volatile("" ::"r"(__builtin_frame_address(0)));
	for (; pages; pages--, next += 4096)
		*next = 1;
}

__attribute__((noipa)) void first(void)
{
	leaf(100);
	__asm__ volatile("" ::: "memory"); /* no jump in place of the call */
}

__attribute__((noipa)) void second(void)
{
	leaf(50);
	__asm__ volatile("" ::: "memory");
}

int main(void)
{
	next = mmap(NULL, 150 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (next == MAP_FAILED)
		return 1;
	madvise((void *)next, 150 * 4096, MADV_NOHUGEPAGE);
	first();
	second();
	return 0;
}
