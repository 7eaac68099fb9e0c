// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A memory cgroup with room for half of what is written: the rest is in swap, or comes back from
 * there. Populated is each page once, given back none.
 */
#include "route.h"

enum { PAGES = 4096 };

static void run(int argc, char **argv)
{
	char *mem = map_anon(PAGES);

	(void)argc, (void)argv;
	swap_need(PAGES);
	reclaim_prepare();
	memory_limit(PAGES / 2);
	touch_write(mem, PAGES);
	if (smaps_pages(mem, "Swap") < PAGES / 2)
		fail("only %ld of %d pages in swap", smaps_pages(mem, "Swap"), PAGES);
	/* All of it back: what is still in swap when swap goes off comes back in this process's
	 * name. */
	memory_limit(4 * PAGES);
	touch_again(mem, PAGES);
	check_equal("Swap after touching again", smaps_pages(mem, "Swap"), 0);

	expect("populated %d " OF_ANON " symbol=touch_write", PAGES);
	expect("populated 0 symbol=touch_again");
	expect("zero_populated 0 symbol=touch_write");
	expect("released 0 symbol=touch_*");
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
