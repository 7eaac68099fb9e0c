// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What leaves the page cache of an ordinary file that is memory: pages dropped by advice, punched,
 * and cut off. Whoever took them, the books balance.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "route.h"

enum {
	DROPPED = 512,
	PUNCHED = 700,
	CUT = 600,
	KEPT = 256,
	PAGES = KEPT + CUT + PUNCHED + DROPPED
};

static void run(int argc, char **argv)
{
	int fd = hole_file(PAGES), mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	off_t size = (off_t)page_size, dropped = KEPT * size, punched = dropped + DROPPED * size,
	      cut = punched + PUNCHED * size;
	char *mem = map_shared(fd, PAGES);

	(void)argc, (void)argv;
	/* By the descriptor, so that nothing is mapped. */
	check_call("readahead", !posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM));
	for (size_t i = 0; i < PAGES; i++)
		check_call("pread", pread(fd, &(char){0}, 1, (off_t)i * size) == 1);
	check_cached(mem, PAGES, PAGES);
	drain_lru_batches();
	check_call("POSIX_FADV_DONTNEED",
		   !posix_fadvise(fd, dropped, DROPPED * size, POSIX_FADV_DONTNEED));
	check_call("fallocate", !fallocate(fd, mode, punched, PUNCHED * size));
	check_call("ftruncate", !ftruncate(fd, cut));
	check_cached(mem, KEPT + DROPPED + PUNCHED, KEPT);

	expect("populated %d " OF_DISK, PAGES);
	expect("released %d " OF_DISK, DROPPED + PUNCHED + CUT);
	expect("released %d " OF_DISK " syscall=fadvise64", DROPPED);
	expect("advice_released %d call=fallocate behavior=FALLOC_FL_PUNCH_HOLE", PUNCHED);
	expect("advice_released %d call=ftruncate", CUT);
	expect("kernel %d " OF_DISK, KEPT);
	expect("residual 0 " OF_DISK);
}

const struct route route = {.run = run};
