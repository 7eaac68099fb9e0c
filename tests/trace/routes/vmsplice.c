// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmsplice() gives pages of the memory to a pipe, by reference: holes are read. splice() from a
 * pipe into a memfd writes it, and so does copy_file_range(); what sendfile() takes from a hole of
 * one is read, where the kernel populates it at all (up to 6.4).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "route.h"

enum { SPLICED_OUT = 1024, SPLICED_IN = 256, SENT = 64, STEP = 8 };

static void run(int argc, char **argv)
{
	int fd = route_memfd(SPLICED_OUT), in = named_memfd("into", SPLICED_IN, 0), ends[2];
	int holes = named_memfd("holes", SENT, 0);
	char *shared = map_shared(fd, SPLICED_OUT), *buffer = map_anon(STEP);
	size_t size = STEP * page_size;
	loff_t at = 0;
	long sent;

	(void)argc, (void)argv;
	check_call("pipe", !pipe(ends));
	memset(buffer, 1, size);
	for (size_t i = 0; i < SPLICED_OUT; i += STEP) {
		struct iovec v = {.iov_base = shared + i * page_size, .iov_len = size};

		check_call("vmsplice", vmsplice(ends[1], &v, 1, 0) == (ssize_t)size);
		check_call("read", read(ends[0], buffer, size) == (ssize_t)size);
	}
	check_equal("st_blocks in pages", memfd_pages(fd), SPLICED_OUT);
	memset(buffer, 1, size);
	for (size_t i = 0; i < SPLICED_IN; i += STEP) {
		check_call("write", write(ends[1], buffer, size) == (ssize_t)size);
		check_call("splice", splice(ends[0], NULL, in, &at, size, 0) == (ssize_t)size);
	}
	check_equal("st_blocks of what was spliced into", memfd_pages(in), SPLICED_IN);
	for (size_t i = 0; i < SENT; i += STEP) {
		check_call("sendfile", sendfile(ends[1], holes, NULL, size) == (ssize_t)size);
		check_call("read", read(ends[0], buffer, size) == (ssize_t)size);
	}
	sent = memfd_pages(holes);

	expect("populated %d " OF_MEMFD, SPLICED_OUT);
	expect("populated %d " OF_MEMFD " context=syscall syscall=vmsplice access=read",
	       SPLICED_OUT);
	expect("zero_populated %d " OF_MEMFD, SPLICED_OUT);
	expect("populated %d name=memfd:into syscall=splice access=write", SPLICED_IN);
	expect("zero_populated 0 name=memfd:into");
	expect("populated %ld name=memfd:holes syscall=sendfile access=read", sent);
	expect("zero_populated %ld name=memfd:holes", sent);
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
