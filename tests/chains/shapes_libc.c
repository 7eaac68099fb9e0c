// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages touched by others on a program's behalf: functions of libc, and the kernel.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "chain.h"
#include "shapes.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static char source[8 * CHAIN_PAGE];

static SHAPE void shape_memcpy(size_t pages)
{
	memcpy(chain__fresh(pages), source, pages * CHAIN_PAGE);
	STAYS;
}

/* Small copies are made by other code of libc than large ones. */
static SHAPE void shape_memcpy_small(size_t pages)
{
	for (char *p = chain__fresh(pages); pages; pages--, p += CHAIN_PAGE)
		memcpy(p, source, 24 * pages);
	STAYS;
}

static SHAPE void shape_memset(size_t pages)
{
	memset(chain__fresh(pages), 1, pages * CHAIN_PAGE);
	STAYS;
}

static SHAPE int shape_memcmp(size_t pages)
{
	int same = memcmp(chain__fresh(pages), source, pages * CHAIN_PAGE);

	STAYS;
	return same;
}

static int order(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* libc calls back: its frames are between ours. */
static SHAPE int order_touching(const void *a, const void *b)
{
	touch(1);
	STAYS;
	return order(a, b);
}

static SHAPE void shape_qsort(void)
{
	int v[2] = {2, 1};

	qsort(v, 2, sizeof(v[0]), order_touching);
	STAYS;
}

static SHAPE void shape_printf(void)
{
	char *p = chain__fresh(1);

	snprintf(p, 64, "%d %s %g", 42, "words", 1.5);
	STAYS;
}

static SHAPE void shape_read(size_t pages)
{
	int fd[2];
	ssize_t size = (ssize_t)(pages * CHAIN_PAGE);

	if (pipe(fd) || write(fd[1], source, (size_t)size) != size ||
	    read(fd[0], chain__fresh(pages), (size_t)size) != size)
		abort();
	close(fd[0]);
	close(fd[1]);
}

static SHAPE int shape_madvise(size_t pages)
{
	int err = madvise(chain__fresh(pages), pages * CHAIN_PAGE, MADV_POPULATE_WRITE);

	STAYS;
	return err;
}

static SHAPE void shape_vm_readv(size_t pages)
{
	struct iovec to = {source, pages * CHAIN_PAGE};
	struct iovec from = {chain__fresh(pages), pages * CHAIN_PAGE};

	if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != (ssize_t)from.iov_len)
		abort();
}

void shapes_of_libc(void)
{
	int populates;

	shape_memcpy(8);
	shape_memcpy_small(5);
	shape_memset(7);
	shape_memcmp(1);
	shape_qsort();
	shape_printf();
	shape_read(6);
	populates = !shape_madvise(4); /* since 5.14 */
	shape_vm_readv(3);

	chain__expect("shape_memcpy", 8, "complete", 0);
	chain__expect("shape_memcpy_small", 5, "complete", 0);
	chain__expect("shape_memset", 7, "complete", 0);
	chain__expect("shape_memcmp", 1, "complete", 0);
	chain__expect("shape_qsort", 1, "complete", 0);
	chain__expect("shape_printf", 1, "complete", 0);
	chain__expect("shape_read", 6, "complete", 0);
	chain__expect("shape_madvise", populates ? 4 : 0, "complete", 0);
	chain__expect("shape_vm_readv", 3, "complete", 0);
}
