// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * io_uring: a worker thread of the kernel (IOSQE_ASYNC) reads a file into fresh memory, a memfd and
 * anonymous. It works for the process, but has no user registers of its own.
 */
#include "uring.h"

enum { SHARED = 1024, ANON = 512 };

static void read_async(struct uring *ring, int file, char *mem, size_t pages)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_READ,
		.flags = IOSQE_ASYNC,
		.fd = file,
		.addr = (uintptr_t)mem,
		.len = (uint32_t)(pages * page_size),
	};

	check_equal("IORING_OP_READ", uring_run(ring, &sqe), (long)(pages * page_size));
}

static void run(int argc, char **argv)
{
	int fd = route_memfd(SHARED), file = temp_file(SHARED);
	char *shared = map_shared(fd, SHARED), *anon = map_anon(ANON);
	struct uring ring = uring_open();

	(void)argc, (void)argv;
	read_async(&ring, file, shared, SHARED);
	read_async(&ring, file, anon, ANON);
	check_equal("st_blocks in pages", memfd_pages(fd), SHARED);
	check_equal("Anonymous in smaps", smaps_pages(anon, "Anonymous"), ANON);

	expect("populated %d " OF_MEMFD, SHARED);
	expect("populated %d " OF_MEMFD " access=write context=kernel", SHARED);
	expect("zero_populated 0 " OF_MEMFD);
	expect("residual 0 " OF_MEMFD);
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
