// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Release: MADV_DONTNEED of anonymous memory gives its pages back; over memory that holds only the
 * shared zero page, or nothing, it gives back nothing. What is touched again is populated again.
 */
#include <sys/mman.h>

#include "route.h"

enum { WRITTEN = 2048, READ = 500, EMPTY = 100, AGAIN = 300, ALL = WRITTEN + READ + EMPTY };

static void run(int argc, char **argv)
{
	char *mem = map_anon(ALL);

	(void)argc, (void)argv;
	touch_write(mem, WRITTEN);
	touch_read(mem + WRITTEN * page_size, READ);
	check_equal("Anonymous before", smaps_pages(mem, "Anonymous"), WRITTEN);
	drain_lru_batches();
	check_call("MADV_DONTNEED", !madvise(mem, ALL * page_size, MADV_DONTNEED));
	check_equal("Anonymous after", smaps_pages(mem, "Anonymous"), 0);
	check_equal("Rss after", smaps_pages(mem, "Rss"), 0);
	touch_write(mem, AGAIN);
	check_equal("Anonymous in smaps", smaps_pages(mem, "Anonymous"), AGAIN);

	expect("populated %d " OF_ANON " symbol=touch_write", WRITTEN + AGAIN);
	expect("released %d syscall=madvise", WRITTEN);
	expect("advice_calls 1 call=madvise behavior=MADV_DONTNEED");
	expect("advice_failed 0 call=madvise behavior=MADV_DONTNEED");
	expect("advice_bytes %zu call=madvise behavior=MADV_DONTNEED", ALL * page_size);
	expect("advice_released %d call=madvise behavior=MADV_DONTNEED", WRITTEN);
}

const struct route route = {.run = run};
