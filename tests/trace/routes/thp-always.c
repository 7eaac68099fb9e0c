// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A system that makes all of memory huge, unasked: where 2 MiB fit they come with one fault, the
 * pages at either end of the mapping come one by one.
 */
#include <sys/mman.h>

#include "route.h"

enum { HUGE_PAGES = 4, BEFORE = 3, AFTER = 5 };

static void run(int argc, char **argv)
{
	size_t each = HUGE_SIZE / page_size, pages = BEFORE + HUGE_PAGES * each + AFTER;
	char *room = map_anon_aligned((1 + HUGE_PAGES + 1) * each, HUGE_SIZE);
	char *mem = room + HUGE_SIZE - BEFORE * page_size, *end = mem + pages * page_size;
	long faults;

	(void)argc, (void)argv;
	if (!setting_set("/sys/kernel/mm/transparent_hugepage/enabled", "always"))
		skip("cannot make all of memory huge");
	check_call("mprotect", !mprotect(room, HUGE_SIZE - BEFORE * page_size, PROT_NONE));
	check_call("mprotect", !mprotect(end, HUGE_SIZE - AFTER * page_size, PROT_NONE));
	faults = minor_faults();
	touch_write(mem, pages);
	check_equal("page faults", minor_faults() - faults, BEFORE + HUGE_PAGES + AFTER);
	check_equal("AnonHugePages in smaps", smaps_pages(mem, "AnonHugePages"),
		    HUGE_PAGES * (long)each);

	expect("populated %zu " OF_ANON " access=write context=user symbol=touch_write", pages);
	expect("faults %d symbol=touch_write", BEFORE + HUGE_PAGES + AFTER);
	expect("zero_populated 0 symbol=touch_write");
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run, .flags = ROUTE_THP};
