// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The huge zero page: reads of fresh anonymous memory with transparent huge pages map it, and
 * populate nothing. That the kernel may allocate the page itself, once for all, is not the
 * target's.
 */
#include <string.h>

#include "route.h"

enum { HUGE_PAGES = 8 };

static void run(int argc, char **argv)
{
	size_t each = HUGE_SIZE / page_size, pages = HUGE_PAGES * each;
	char *mem = map_thp(pages), how[32] = "";
	long faults;

	(void)argc, (void)argv;
	if (!setting_get("/sys/kernel/mm/transparent_hugepage/use_zero_page", how, sizeof(how)) ||
	    strcmp(how, "1") != 0)
		skip("no huge zero page");
	faults = minor_faults();
	touch_read(mem, pages);
	faults = minor_faults() - faults;
	if (faults != HUGE_PAGES)
		skip("%ld faults for %d huge pages: not by the huge zero page", faults, HUGE_PAGES);
	check_equal("Anonymous in smaps", smaps_pages(mem, "Anonymous"), 0);

	expect("populated 0 symbol=touch_read");
	expect("zero_populated 0 symbol=touch_read");
	expect("faults %d symbol=touch_read access=read context=user", HUGE_PAGES);
}

const struct route route = {.run = run, .flags = ROUTE_THP};
