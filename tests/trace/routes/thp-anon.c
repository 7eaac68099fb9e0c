// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Transparent huge pages in anonymous memory: one fault populates 512 pages at once, whichever of
 * them is touched.
 */
#include "route.h"

enum { HUGE_PAGES = 8 };

static void run(int argc, char **argv)
{
	size_t each = HUGE_SIZE / page_size, pages = HUGE_PAGES * each;
	char *mem = map_thp(pages);
	long faults;

	(void)argc, (void)argv;
	faults = minor_faults();
	touch_write(mem, pages);
	faults = minor_faults() - faults;
	thp_need_all(mem, pages);
	check_equal("page faults", faults, HUGE_PAGES);
	check_equal("Anonymous in smaps", smaps_pages(mem, "Anonymous"), (long)pages);

	expect("populated %zu " OF_ANON " access=write context=user symbol=touch_write", pages);
	expect("faults %d symbol=touch_write", HUGE_PAGES);
	expect("zero_populated 0 symbol=touch_write");
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run, .flags = ROUTE_THP};
