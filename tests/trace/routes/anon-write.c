// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * User faults, writes to fresh anonymous memory: a page each.
 */
#include "route.h"

enum { PAGES = 4096 };

static void run(int argc, char **argv)
{
	char *mem = map_anon(PAGES);
	long faults = minor_faults();

	(void)argc, (void)argv;
	touch_write(mem, PAGES);
	check_equal("page faults", minor_faults() - faults, PAGES);
	check_equal("Anonymous in smaps", smaps_pages(mem, "Anonymous"), PAGES);

	expect("populated %d " OF_ANON " symbol=touch_write", PAGES);
	expect("populated %d " OF_ANON " access=write context=user symbol=touch_write", PAGES);
	expect("zero_populated 0 symbol=touch_write");
	expect("faults %d symbol=touch_write access=write context=user", PAGES);
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
