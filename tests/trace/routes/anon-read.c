// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * User faults, reads of fresh anonymous memory: each maps the shared zero page. As many faults as
 * pages, and not one page populated; the first write after that populates one.
 */
#include "route.h"

enum { PAGES = 4096, WRITTEN = 1000 };

static void run(int argc, char **argv)
{
	char *mem = map_anon(PAGES);
	long faults = minor_faults();

	(void)argc, (void)argv;
	touch_read(mem, PAGES);
	check_equal("page faults of reads", minor_faults() - faults, PAGES);
	check_equal("Anonymous in smaps after reads", smaps_pages(mem, "Anonymous"), 0);
	faults = minor_faults();
	touch_write(mem, WRITTEN);
	check_equal("page faults of writes", minor_faults() - faults, WRITTEN);
	check_equal("Anonymous in smaps after writes", smaps_pages(mem, "Anonymous"), WRITTEN);

	expect("populated 0 symbol=touch_read");
	expect("zero_populated 0 symbol=touch_read");
	expect("faults %d symbol=touch_read access=read context=user", PAGES);
	expect("populated %d " OF_ANON " symbol=touch_write access=write", WRITTEN);
	expect("faults %d symbol=touch_write access=write context=user", WRITTEN);
	expect("zero_populated 0 symbol=touch_write");
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
