// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * GUP without a fault event: MADV_POPULATE_READ and MADV_POPULATE_WRITE on a memfd and on anonymous
 * memory. Reading populates a memfd, but maps only the shared zero page into anonymous memory.
 */
#include <errno.h>
#include <sys/mman.h>

#include "route.h"

enum { SHARED_READ = 3000, SHARED_WRITE = 1000, ANON_READ = 900, ANON_WRITE = 700 };

static void populate(char *mem, size_t pages, int how)
{
	if (!madvise(mem, pages * page_size, how))
		return;
	if (errno == EINVAL)
		skip("no MADV_POPULATE_READ: Linux 5.14 has it");
	check_call("MADV_POPULATE", false);
}

static void run(int argc, char **argv)
{
	int fd = route_memfd(SHARED_READ + SHARED_WRITE);
	char *shared = map_shared(fd, SHARED_READ + SHARED_WRITE);
	char *anon = map_anon(ANON_READ + ANON_WRITE);

	(void)argc, (void)argv;
	populate(shared, SHARED_READ, MADV_POPULATE_READ);
	check_equal("st_blocks after reads", memfd_pages(fd), SHARED_READ);
	populate(shared + SHARED_READ * page_size, SHARED_WRITE, MADV_POPULATE_WRITE);
	check_equal("st_blocks in pages", memfd_pages(fd), SHARED_READ + SHARED_WRITE);
	populate(anon, ANON_READ, MADV_POPULATE_READ);
	check_equal("Anonymous after reads", smaps_pages(anon, "Anonymous"), 0);
	populate(anon + ANON_READ * page_size, ANON_WRITE, MADV_POPULATE_WRITE);
	check_equal("Anonymous in smaps", smaps_pages(anon, "Anonymous"), ANON_WRITE);

	expect("populated %d " OF_MEMFD, SHARED_READ + SHARED_WRITE);
	expect("populated %d " OF_MEMFD " access=read context=syscall syscall=madvise",
	       SHARED_READ);
	expect("populated %d " OF_MEMFD " access=write context=syscall syscall=madvise",
	       SHARED_WRITE);
	expect("zero_populated %d syscall=madvise", SHARED_READ);
	expect("populated %d " OF_ANON " syscall=madvise", ANON_WRITE);
	expect("faults 0 syscall=madvise");
	expect("residual 0 " OF_MEMFD);
	expect("residual_permille 1 " OF_ANON);
}

const struct route route = {.run = run};
