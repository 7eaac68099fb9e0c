// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Release: closing the last reference to a memfd frees its pages. With a mapping left, closing the
 * descriptor frees nothing and the munmap() does. Afterwards there is no file left to ask about.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "route.h"

enum { CLOSED = 1500, UNMAPPED = 1200 };

static void run(int argc, char **argv)
{
	int closed = route_memfd(CLOSED), mapped = route_memfd(UNMAPPED);
	char *a = map_shared(closed, CLOSED), *b = map_shared(mapped, UNMAPPED);

	(void)argc, (void)argv;
	touch_write(a, CLOSED);
	touch_write(b, UNMAPPED);
	check_call("munmap", !munmap(a, CLOSED * page_size));
	check_equal("st_blocks before", memfd_pages(closed), CLOSED);
	check_call("close", !close(closed));
	check_equal("st_blocks before", memfd_pages(mapped), UNMAPPED);
	check_call("close", !close(mapped));
	check_equal("content of a mapped page", b[0], 1);
	check_call("munmap", !munmap(b, UNMAPPED * page_size));

	expect("populated %d " OF_MEMFD, CLOSED + UNMAPPED);
	expect("released %d syscall=close", CLOSED);
	expect("released %d syscall=munmap", UNMAPPED);
	expect("residual 0 " OF_MEMFD " unless-null");
}

const struct route route = {.run = run};
