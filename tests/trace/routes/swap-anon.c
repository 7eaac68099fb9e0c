// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kept apart: anonymous memory that went to swap and came back. The swap-in allocates, but only the
 * first touch populated; going to swap is not being given back.
 */
#include "route.h"

enum { PAGES = 2048 };

static void run(int argc, char **argv)
{
	char *mem = map_anon(PAGES);

	(void)argc, (void)argv;
	swap_need(PAGES);
	reclaim_prepare();
	touch_write(mem, PAGES);
	page_out_of_memory(mem, PAGES);
	touch_again(mem, PAGES);
	check_equal("Swap after touching again", smaps_pages(mem, "Swap"), 0);
	check_equal("Anonymous in smaps", smaps_pages(mem, "Anonymous"), PAGES);

	expect("populated %d " OF_ANON " symbol=touch_write", PAGES);
	expect("populated 0 symbol=touch_again");
	expect("zero_populated 0 symbol=touch_again");
	expect("released 0 syscall=madvise");
	expect("released 0 symbol=touch_again");
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
