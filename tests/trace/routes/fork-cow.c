// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copy on write after fork(): while a child shares the memory, the parent's writes populate copies;
 * its reads nothing. The child touches nothing and waits to be told to end.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "route.h"

enum { PAGES = 2048, WRITTEN = 1500 };

static void run(int argc, char **argv)
{
	char *mem = map_anon(PAGES), byte;
	int ends[2];
	pid_t child;

	(void)argc, (void)argv;
	for (size_t i = 0; i < PAGES; i++)
		mem[i * page_size] = 1;
	check_call("pipe", !pipe(ends));
	child = fork();
	check_call("fork", child >= 0);
	if (!child) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) != 0);
	}
	touch_read(mem, PAGES);
	touch_write(mem, WRITTEN);
	check_equal("Private_Dirty in smaps", smaps_pages(mem, "Private_Dirty"), WRITTEN);
	close(ends[1]);
	check_call("waitpid", waitpid(child, NULL, 0) == child);

	expect("populated 0 symbol=touch_read access=read");
	expect("populated %d " OF_ANON " access=write context=user symbol=touch_write", WRITTEN);
	/* In user mode: the kernel may be first to write to the thread's rseq area, on its way back
	 * to touch_write() from an interrupt, and that is a copy as well. */
	expect("zero_populated 0 context=user symbol=touch_write");
}

const struct route route = {.run = run};
