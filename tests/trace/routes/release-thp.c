// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Release: MADV_DONTNEED of whole transparent huge pages gives back 512 pages each.
 */
#include <string.h>
#include <sys/mman.h>

#include "route.h"

enum { HUGE_PAGES = 8, GIVEN_BACK = 5 };

static void run(int argc, char **argv)
{
	size_t each = HUGE_SIZE / page_size, pages = HUGE_PAGES * each;
	char *mem = map_anon_aligned(pages, HUGE_SIZE), how[32] = "";

	(void)argc, (void)argv;
	if (!setting_get("/sys/kernel/mm/transparent_hugepage/enabled", how, sizeof(how)) ||
	    !strcmp(how, "never"))
		skip("no transparent huge pages: enabled is \"%s\"", how);
	check_call("MADV_HUGEPAGE", !madvise(mem, pages * page_size, MADV_HUGEPAGE));
	touch_write(mem, pages);
	if (smaps_pages(mem, "AnonHugePages") != (long)pages)
		skip("only %ld of %zu pages came as huge ones", smaps_pages(mem, "AnonHugePages"),
		     pages);
	check_call("MADV_DONTNEED", !madvise(mem, GIVEN_BACK * HUGE_SIZE, MADV_DONTNEED));
	check_equal("Anonymous in smaps", smaps_pages(mem, "Anonymous"),
		    (HUGE_PAGES - GIVEN_BACK) * (long)each);

	expect("populated %zu " OF_ANON " symbol=touch_write", pages);
	expect("released %zu syscall=madvise", GIVEN_BACK * each);
	expect("advice_released %zu call=madvise behavior=MADV_DONTNEED", GIVEN_BACK * each);
	expect("advice_bytes %zu call=madvise behavior=MADV_DONTNEED", GIVEN_BACK * HUGE_SIZE);
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run, .flags = ROUTE_THP};
