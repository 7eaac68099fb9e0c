// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Release: MADV_DONTNEED of whole transparent huge pages gives back 512 pages each.
 */
#include <sys/mman.h>

#include "route.h"

enum { HUGE_PAGES = 8, GIVEN_BACK = 5 };

static void run(int argc, char **argv)
{
	size_t each = HUGE_SIZE / page_size, pages = HUGE_PAGES * each;
	char *mem = map_thp(pages);

	(void)argc, (void)argv;
	touch_write(mem, pages);
	thp_need_all(mem, pages);
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
