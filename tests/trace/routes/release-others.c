// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Release: another process, which was given the descriptor of a memfd and does not map it, gives
 * pages of it back. It is not watched, and its thread is named all the same.
 */
#include <unistd.h>

#include "route.h"

enum { PAGES = 4096, KEPT = 1000 };

static void peer(int sock)
{
	struct peer_message msg;
	int fd;

	while (peer_receive(sock, &msg, &fd)) {
		check_call("ftruncate", !ftruncate(fd, (off_t)(KEPT * page_size)));
		close(fd);
		peer_send(sock, &msg, -1);
	}
}

static void run(int argc, char **argv)
{
	struct peer_message msg = {.op = 't', .pages = PAGES - KEPT};
	int fd = route_memfd(PAGES), sock = peer_connect(argc, argv);
	char *mem = map_shared(fd, PAGES);

	touch_write(mem, PAGES);
	check_equal("st_blocks before", memfd_pages(fd), PAGES);
	peer_ask(sock, &msg, fd);
	check_equal("st_blocks in pages", memfd_pages(fd), KEPT);

	expect("populated %d " OF_MEMFD, PAGES);
	expect("released %d " OF_MEMFD, PAGES - KEPT);
	expect("released %d syscall=ftruncate", PAGES - KEPT);
	expect("kernel %d " OF_MEMFD, KEPT);
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run, .peer = peer};
