// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Release: MADV_FREE is lazy. It gives nothing back by itself: the pages stay until memory is
 * short.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "route.h"

enum { PAGES = 2048 };

static void run(int argc, char **argv)
{
	char *mem = map_anon(PAGES);

	(void)argc, (void)argv;
	touch_write(mem, PAGES);
	if (madvise(mem, PAGES * page_size, MADV_FREE))
		skip("MADV_FREE: %s", strerror(errno));
	/* Pages that are still on their way to the LRU are passed over. */
	if (!smaps_pages(mem, "LazyFree"))
		fail("MADV_FREE marked no page");
	check_equal("Anonymous in smaps", smaps_pages(mem, "Anonymous"), PAGES);

	expect("populated %d " OF_ANON " symbol=touch_write", PAGES);
	expect("released 0 syscall=madvise");
	expect("advice_calls 1 call=madvise behavior=MADV_FREE");
	expect("advice_bytes %zu call=madvise behavior=MADV_FREE", PAGES * page_size);
	expect("advice_released 0 call=madvise behavior=MADV_FREE");
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
