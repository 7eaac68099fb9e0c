// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests of io_uring with O_DIRECT, as QEMU's aio=io_uring: those that write a disk read memory,
 * in the call itself or by a worker; those that read a disk write memory. A request that writes a
 * memfd writes the pages of that file.
 */
#define _GNU_SOURCE
#include <fcntl.h>

#include "uring.h"

enum { WRITTEN = 512, WRITTEN_ASYNC = 256, READ = 128, INTO = 64, STEP = 32 };

static void request(struct uring *ring, uint8_t opcode, uint8_t flags, int file, char *mem,
		    size_t pages)
{
	for (size_t i = 0; i < pages; i += STEP) {
		struct io_uring_sqe sqe = {
			.opcode = opcode,
			.flags = flags,
			.fd = file,
			.addr = (uintptr_t)(mem + i * page_size),
			.len = (uint32_t)(STEP * page_size),
			.off = i * page_size,
		};

		check_equal("bytes of a request", uring_run(ring, &sqe), (long)(STEP * page_size));
	}
}

static void run(int argc, char **argv)
{
	size_t all = WRITTEN + WRITTEN_ASYNC + READ;
	int fd = route_memfd(all), file = temp_file(WRITTEN), into = named_memfd("into", INTO, 0);
	char *shared = map_shared(fd, all), *at = shared, *payload = map_anon(INTO);
	struct uring ring = uring_open();

	(void)argc, (void)argv;
	if (is_tmpfs(file) || fcntl(file, F_SETFL, O_DIRECT))
		skip("no O_DIRECT in TMPDIR");
	request(&ring, IORING_OP_WRITE, 0, file, at, WRITTEN);
	at += WRITTEN * page_size;
	request(&ring, IORING_OP_WRITE, IOSQE_ASYNC, file, at, WRITTEN_ASYNC);
	at += WRITTEN_ASYNC * page_size;
	request(&ring, IORING_OP_READ, 0, file, at, READ);
	check_equal("st_blocks in pages", memfd_pages(fd), (long)all);
	memset(payload, 1, INTO * page_size);
	request(&ring, IORING_OP_WRITE, 0, into, payload, INTO);
	check_equal("st_blocks of what was written into", memfd_pages(into), INTO);

	expect("populated %zu " OF_MEMFD, all);
	expect("populated %d " OF_MEMFD " access=read", WRITTEN + WRITTEN_ASYNC);
	expect("populated %d " OF_MEMFD " access=write", READ);
	expect("zero_populated %d " OF_MEMFD "", WRITTEN + WRITTEN_ASYNC);
	expect("zero_populated 0 name=memfd:into");
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
