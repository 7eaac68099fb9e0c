// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Empties the batches in which each CPU keeps pages that wait for the LRU lists.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tracer/tracer.h"

/* POSIX_FADV_DONTNEED empties the batches of all CPUs when it cannot drop a page (mm/fadvise.c).
 * The first page of this very program is mapped, so it cannot be dropped. File systems in memory
 * ignore the advice: an initramfs does. */
static void drain_by_fadvise(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	posix_fadvise(fd, 0, sysconf(_SC_PAGESIZE), POSIX_FADV_DONTNEED);
	close(fd);
}

/* The kernel empties the batches before it moves a page, even if the page stays where it is
 * (mm/migrate.c: lru_cache_disable()). A kernel without NUMA does not have the system call. */
static void drain_by_move(void)
{
	void *page = (void *)((uintptr_t)&page & ~(uintptr_t)4095);
	int status = -1, node;

	if (syscall(SYS_move_pages, 0, 1UL, &page, NULL, &status, 0) || status < 0)
		return;
	node = status;
	syscall(SYS_move_pages, 0, 1UL, &page, &node, &status, 1 << 1 /* MPOL_MF_MOVE */);
}

void tracer__drain(void)
{
	drain_by_fadvise();
	drain_by_move();
}
