// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Another process that maps the same memfd, as a vhost-user back end maps a guest's memory: its
 * faults populate the target's memory, though the target does nothing. The peer's other memory must
 * not be counted.
 */
#include <unistd.h>

#include "route.h"

enum { READ = 2500, WRITTEN = 1500, PEER_OWN = 3000 };

static void peer(int sock)
{
	struct peer_message msg;
	int fd;

	while (peer_receive(sock, &msg, &fd)) {
		char *mem = map_shared(fd, READ + WRITTEN);

		touch_read(mem, READ);
		touch_write(mem + READ * page_size, WRITTEN);
		touch_write(map_anon(PEER_OWN), PEER_OWN);
		touch_write(map_shared(named_memfd("other", PEER_OWN, 0), PEER_OWN), PEER_OWN);
		close(fd);
		peer_send(sock, &msg, -1);
	}
}

static void run(int argc, char **argv)
{
	struct peer_message msg = {.op = 't', .pages = READ + WRITTEN};
	int fd = route_memfd(READ + WRITTEN), sock = peer_connect(argc, argv);
	char *mem = map_shared(fd, READ + WRITTEN);

	peer_ask(sock, &msg, fd);
	check_equal("st_blocks in pages", memfd_pages(fd), READ + WRITTEN);
	touch_again(mem, READ + WRITTEN);
	check_equal("st_blocks in pages", memfd_pages(fd), READ + WRITTEN);

	expect("populated %d " OF_MEMFD, READ + WRITTEN);
	expect("zero_populated %d " OF_MEMFD " unless-null", READ);
	expect("populated 0 symbol=touch_again");
	expect("populated 0 kind=shmem name=memfd:other");
	expect("populated 0 " OF_ANON " symbol=touch_write");
	expect("kernel %d " OF_MEMFD, READ + WRITTEN);
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run, .peer = peer};
