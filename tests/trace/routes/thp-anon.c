// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Transparent huge pages in anonymous memory: one fault populates 512 pages at once, whichever of
 * them is touched.
 */
#include <sys/mman.h>
#include <string.h>

#include "route.h"

enum { HUGE_PAGES = 8 };

static void run(int argc, char **argv)
{
	size_t each = HUGE_SIZE / page_size, pages = HUGE_PAGES * each;
	char *mem = map_anon_aligned(pages, HUGE_SIZE), how[32] = "";
	long faults;

	(void)argc, (void)argv;
	if (!setting_get("/sys/kernel/mm/transparent_hugepage/enabled", how, sizeof(how)) ||
	    !strcmp(how, "never"))
		skip("no transparent huge pages: enabled is \"%s\"", how);
	check_call("MADV_HUGEPAGE", !madvise(mem, pages * page_size, MADV_HUGEPAGE));
	faults = minor_faults();
	touch_write(mem, pages);
	faults = minor_faults() - faults;
	if (smaps_pages(mem, "AnonHugePages") != (long)pages)
		skip("only %ld of %zu pages came as huge ones", smaps_pages(mem, "AnonHugePages"),
		     pages);
	check_equal("page faults", faults, HUGE_PAGES);
	check_equal("Anonymous in smaps", smaps_pages(mem, "Anonymous"), (long)pages);

	expect("populated %zu " OF_ANON " access=write context=user symbol=touch_write", pages);
	expect("faults %d symbol=touch_write", HUGE_PAGES);
	expect("zero_populated 0 symbol=touch_write");
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run, .flags = ROUTE_THP};
