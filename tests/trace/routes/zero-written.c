// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Zero pages that are made by writing zeros, as a loader does that does not look first: memset()
 * and pwrite() of zeros. No event tells them from payload: the
 * content tells, when the window closes. A page that was populated by reading is another's, and so
 * is one that was there before.
 */
#include <string.h>
#include <unistd.h>

#include "route.h"

enum { ZEROED = 1024, PAYLOAD = 256, READ = 256, OVERWRITTEN = 128, PWRITTEN = 64 };

__attribute__((noinline)) static void write_zeros(char *mem, size_t pages)
{
	memset(mem, 0, pages * page_size);
}

static void run(int argc, char **argv)
{
	size_t all = ZEROED + PAYLOAD + READ + OVERWRITTEN + PWRITTEN;
	int fd = route_memfd(all), mixed = named_memfd("payload", PAYLOAD, 0);
	char *shared = map_shared(fd, all), *at = shared;
	char *zeros = map_anon(1), *payload = map_shared(mixed, PAYLOAD);

	(void)argc, (void)argv;
	write_zeros(at, ZEROED);
	at += ZEROED * page_size;
	touch_write(at, PAYLOAD);
	at += PAYLOAD * page_size;
	touch_read(at, READ);
	at += READ * page_size;
	/* Payload that is overwritten with zeros is zero in the end; zeros with payload are not. */
	memset(at, 1, OVERWRITTEN * page_size);
	memset(at, 0, OVERWRITTEN / 2 * page_size);
	at += OVERWRITTEN * page_size;
	for (size_t i = 0; i < PWRITTEN; i++)
		check_call("pwrite", pwrite(fd, zeros, page_size,
					    (off_t)((size_t)(at - shared) + i * page_size)) ==
					     (ssize_t)page_size);
	touch_write(payload, PAYLOAD);
	check_equal("st_blocks in pages", memfd_pages(fd), (long)all);

	expect("populated %zu " OF_MEMFD, all);
	expect("zero_populated %d " OF_MEMFD, READ);
	if (!swap_is_on()) { /* nobody looks where that would bring pages back */
		expect("zero_written %d " OF_MEMFD, ZEROED + OVERWRITTEN / 2 + PWRITTEN);
		expect("zero_written 0 name=memfd:payload");
		expect("looked %zu " OF_MEMFD, all);
	}
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
