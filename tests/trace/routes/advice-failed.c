// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Advice that the kernel refuses: MADV_REMOVE of private anonymous memory and MADV_DONTNEED of
 * locked memory. Each is a call that failed, with its errno, and gave nothing back.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "route.h"

enum { PAGES = 1024, REMOVED = 3, LOCKED = 100 };

static void refused(void *mem, size_t pages, int advice)
{
	int err = madvise(mem, pages * page_size, advice) ? errno : 0;

	check_equal("errno", err, EINVAL);
}

static void run(int argc, char **argv)
{
	char *mem = map_anon(PAGES), *locked = map_anon(LOCKED);

	(void)argc, (void)argv;
	touch_write(mem, PAGES);
	touch_write(locked, LOCKED);
	if (mlock(locked, LOCKED * page_size))
		skip("mlock: %s", strerror(errno));
	for (int i = 0; i < REMOVED; i++)
		refused(mem, PAGES, MADV_REMOVE);
	refused(locked, LOCKED, MADV_DONTNEED);
	check_equal("Anonymous in smaps", smaps_pages(mem, "Anonymous"), PAGES);
	check_equal("Anonymous of locked memory", smaps_pages(locked, "Anonymous"), LOCKED);

	expect("populated %d " OF_ANON " symbol=touch_write", PAGES + LOCKED);
	expect("released 0 syscall=madvise");
	expect("advice_calls %d call=madvise behavior=MADV_REMOVE", REMOVED);
	expect("advice_failed %d call=madvise behavior=MADV_REMOVE", REMOVED);
	expect("advice_failed %d call=madvise behavior=MADV_REMOVE error=EINVAL", REMOVED);
	expect("advice_calls 1 call=madvise behavior=MADV_DONTNEED");
	expect("advice_failed 1 call=madvise behavior=MADV_DONTNEED error=EINVAL");
	expect("advice_released 0 call=madvise");
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
