// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An ordinary file that is the target's memory, filled by another process: by its descriptor, which
 * it was given, and by a mapping. The peer's own files must not be counted.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "route.h"

enum { READ = 500, MAPPED = 700, OWN = 300, PAGES = READ + MAPPED };

static void peer(int sock)
{
	struct peer_message msg;
	int fd;

	while (peer_receive(sock, &msg, &fd)) {
		char *mem;

		check_call("POSIX_FADV_RANDOM", !posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM));
		for (size_t i = 0; i < READ; i++)
			check_call("pread", pread(fd, &(char){0}, 1, (off_t)(i * page_size)) == 1);
		mem = map_shared(fd, PAGES);
		check_call("MADV_RANDOM", !madvise(mem, PAGES * page_size, MADV_RANDOM));
		touch_read(mem + READ * page_size, MAPPED);
		touch_read(map_shared(hole_file(OWN), OWN), OWN);
		peer_send(sock, &msg, -1);
	}
}

static void run(int argc, char **argv)
{
	struct peer_message msg = {.op = 't', .pages = PAGES};
	int fd = hole_file(PAGES), sock = peer_connect(argc, argv);
	char *mem = map_shared(fd, PAGES);

	peer_ask(sock, &msg, fd);
	check_cached(mem, PAGES, PAGES);
	touch_again(mem, PAGES);

	expect("populated %d kind=file", PAGES);
	expect("populated %d " OF_DISK " access=read syscall=pread64", READ);
	expect("populated %d " OF_DISK " access=read context=user", MAPPED);
	expect("zero_populated %d " OF_DISK, PAGES);
	expect("populated 0 symbol=touch_again");
	expect("kernel %d " OF_DISK, PAGES);
	expect("residual 0 " OF_DISK);
}

const struct route route = {.run = run, .peer = peer};
