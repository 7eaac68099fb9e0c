// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copy on write of a private file mapping: reads map the page cache and populate nothing; each
 * write makes a private copy, whether the page was read before or not.
 */
#include "route.h"

enum { READ = 1024, WRITTEN = 1500 };

static void run(int argc, char **argv)
{
	char *mem = map_private(temp_file(2 * READ), 2 * READ);

	(void)argc, (void)argv;
	touch_read(mem, READ);
	check_equal("Anonymous after reads", smaps_pages(mem, "Anonymous"), 0);
	touch_write(mem, WRITTEN);
	check_equal("Anonymous in smaps", smaps_pages(mem, "Anonymous"), WRITTEN);

	expect("populated 0 symbol=touch_read");
	expect("zero_populated 0 symbol=touch_read");
	expect("populated %d " OF_ANON " access=write context=user symbol=touch_write", WRITTEN);
	expect("populated %d symbol=touch_write", WRITTEN);
	expect("zero_populated 0 symbol=touch_write");
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
