// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * khugepaged makes one huge page of small ones and of the holes between them: the process has more
 * memory than it populated.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "route.h"

#define THP "/sys/kernel/mm/transparent_hugepage/"

enum { WRITTEN = 100, PATIENCE_MS = 60000, POLL_MS = 10 };

static void run(int argc, char **argv)
{
	size_t pages = HUGE_SIZE / page_size;
	char *mem = map_anon_aligned(pages, HUGE_SIZE), how[32] = "";
	int waited = 0;

	(void)argc, (void)argv;
	if (!setting_get(THP "enabled", how, sizeof(how)) || !strcmp(how, "never"))
		skip("no transparent huge pages: enabled is \"%s\"", how);
	/* Else the first write brings a huge page by itself. */
	if (strcmp(how, "madvise") && !setting_set(THP "enabled", "madvise"))
		skip("cannot set transparent huge pages to madvise");
	if (!setting_set(THP "khugepaged/scan_sleep_millisecs", "10") ||
	    !setting_set(THP "khugepaged/pages_to_scan", "1000000") ||
	    !setting_set(THP "khugepaged/max_ptes_none", "511"))
		skip("khugepaged has no settings");
	touch_write(mem, WRITTEN);
	check_call("MADV_HUGEPAGE", !madvise(mem, pages * page_size, MADV_HUGEPAGE));
	while (smaps_pages(mem, "AnonHugePages") != (long)pages && waited < PATIENCE_MS) {
		usleep(POLL_MS * 1000);
		waited += POLL_MS;
	}
	if (waited >= PATIENCE_MS)
		skip("khugepaged has not come within %d seconds", PATIENCE_MS / 1000);

	expect("populated %d " OF_ANON " access=write context=user symbol=touch_write", WRITTEN);
	expect("populated %zu " OF_ANON " context=syscall", pages - WRITTEN);
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run, .flags = ROUTE_THP};
