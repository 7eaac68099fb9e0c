// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * io_uring with registered buffers: registering pins the memory, and populates it there and then by
 * GUP. GUP is asked to write, so anonymous memory is populated too, but nothing is written: zero
 * pages all of them. READ_FIXED into it populates nothing more.
 */
#include <sys/uio.h>

#include "uring.h"

enum { SHARED = 1024, ANON = 512 };

static void read_fixed(struct uring *ring, int file, char *mem, size_t pages, unsigned int index)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_READ_FIXED,
		.fd = file,
		.addr = (uintptr_t)mem,
		.len = (uint32_t)(pages * page_size),
		.buf_index = (uint16_t)index,
	};

	check_equal("IORING_OP_READ_FIXED", uring_run(ring, &sqe), (long)(pages * page_size));
}

static void run(int argc, char **argv)
{
	int fd = route_memfd(SHARED), file = temp_file(SHARED);
	char *shared = map_shared(fd, SHARED), *anon = map_anon(ANON);
	struct iovec buffers[] = {{shared, SHARED * page_size}, {anon, ANON * page_size}};
	struct uring ring = uring_open();

	(void)argc, (void)argv;
	check_call("IORING_REGISTER_BUFFERS",
		   !syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, buffers, 2));
	check_equal("st_blocks after registering", memfd_pages(fd), SHARED);
	check_equal("Anonymous after registering", smaps_pages(anon, "Anonymous"), ANON);
	read_fixed(&ring, file, shared, SHARED, 0);
	read_fixed(&ring, file, anon, ANON, 1);
	check_equal("st_blocks in pages", memfd_pages(fd), SHARED);
	check_equal("content of the last page", shared[SHARED * page_size - 1], 0x5a);

	expect("populated %d " OF_MEMFD, SHARED);
	expect("populated %d " OF_MEMFD " context=syscall syscall=io_uring_register", SHARED);
	expect("populated %d " OF_ANON " context=syscall syscall=io_uring_register", ANON);
	expect("populated %d syscall=io_uring_register access=read", SHARED + ANON);
	expect("zero_populated %d syscall=io_uring_register", SHARED + ANON);
	expect("faults 0 syscall=io_uring_register");
	expect("populated 0 syscall=io_uring_enter");
	expect("residual 0 " OF_MEMFD);
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
