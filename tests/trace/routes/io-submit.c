// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * io_submit(), as QEMU's aio=native: O_DIRECT requests, several in a call. Those that write a disk
 * read memory, those that read a disk write memory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "route.h"

enum { READ = 1024, WRITTEN = 512, BATCH = 8, STEP = 16 };

/* Puts pages [0, pages) of memory through in calls of BATCH requests, every other one by vector. */
static void submit(aio_context_t context, int file, char *mem, size_t pages, uint16_t plain,
		   uint16_t vector)
{
	struct iocb requests[BATCH], *list[BATCH];
	struct io_event events[BATCH];
	struct iovec vectors[BATCH];

	for (size_t i = 0; i < pages; i += (size_t)BATCH * STEP) {
		memset(requests, 0, sizeof(requests));
		for (size_t k = 0; k < BATCH; k++) {
			size_t at = (i + k * STEP) * page_size;

			vectors[k] = (struct iovec){mem + at, STEP * page_size};
			list[k] = &requests[k];
			requests[k].aio_fildes = (uint32_t)file;
			requests[k].aio_offset = (int64_t)at;
			requests[k].aio_lio_opcode = k % 2 ? vector : plain;
			requests[k].aio_buf = k % 2 ? (uintptr_t)&vectors[k]
						    : (uintptr_t)(mem + at);
			requests[k].aio_nbytes = k % 2 ? 1 : STEP * page_size;
		}
		check_equal("io_submit", syscall(SYS_io_submit, context, BATCH, list), BATCH);
		check_equal("io_getevents",
			    syscall(SYS_io_getevents, context, BATCH, BATCH, events, NULL), BATCH);
		for (size_t k = 0; k < BATCH; k++)
			check_equal("bytes of a request", (long)events[k].res,
				    (long)(STEP * page_size));
	}
}

static void run(int argc, char **argv)
{
	int fd = route_memfd(READ + WRITTEN), file = temp_file(READ);
	char *shared = map_shared(fd, READ + WRITTEN);
	aio_context_t context = 0;

	(void)argc, (void)argv;
	if (is_tmpfs(file) || fcntl(file, F_SETFL, O_DIRECT))
		skip("no O_DIRECT in TMPDIR");
	if (syscall(SYS_io_setup, BATCH, &context))
		skip("io_setup: %s", strerror(errno));
	/* The first call faults on the ring as well: what it pins next is none of that fault's. */
	submit(context, file, shared + READ * page_size, WRITTEN, IOCB_CMD_PREAD, IOCB_CMD_PREADV);
	check_equal("st_blocks after reads", memfd_pages(fd), WRITTEN);
	submit(context, file, shared, READ, IOCB_CMD_PWRITE, IOCB_CMD_PWRITEV);
	check_equal("st_blocks in pages", memfd_pages(fd), READ + WRITTEN);

	expect("populated %d " OF_MEMFD, READ + WRITTEN);
	expect("populated %d " OF_MEMFD " syscall=io_submit access=read", READ);
	expect("populated %d " OF_MEMFD " syscall=io_submit access=write", WRITTEN);
	expect("zero_populated %d " OF_MEMFD, READ);
	expect("residual 0 " OF_MEMFD);
}

const struct route route = {.run = run};
