// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fresh pages of one memfd, expectations and mappings, for the programs of the call chain tests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain.h"

enum { POOL_PAGES = 8192 };

static char *pool;
static size_t taken;
static int pool_fd = -1;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void open_pool(void)
{
	size_t size = POOL_PAGES * CHAIN_PAGE;

	pool_fd = memfd_create("chains", MFD_CLOEXEC);
	if (pool_fd < 0 || ftruncate(pool_fd, (off_t)size))
		die("memfd");
	pool = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, pool_fd, 0);
	if (pool == MAP_FAILED)
		die("mmap");
	madvise(pool, size, MADV_NOHUGEPAGE);
}

char *chain__fresh(size_t pages)
{
	char *fresh;

	if (!pool)
		open_pool();
	if (taken + pages > POOL_PAGES) {
		fputs("no fresh pages left\n", stderr);
		exit(1);
	}
	fresh = pool + taken * CHAIN_PAGE;
	taken += pages;
	return fresh;
}

long chain__populated(void)
{
	struct stat st;

	if (pool_fd < 0)
		return 0;
	if (fstat(pool_fd, &st))
		die("fstat");
	return (long)st.st_blocks * 512 / (long)CHAIN_PAGE;
}

void chain__recycle(void)
{
	if (madvise(pool, POOL_PAGES * CHAIN_PAGE, MADV_REMOVE))
		die("MADV_REMOVE");
	taken = 0;
}

SHAPE void touch(size_t pages)
{
	for (volatile char *p = chain__fresh(pages); pages; pages--, p += CHAIN_PAGE)
		*p = 1;
}

void chain__expect(const char *symbol, long pages, const char *end, int frames)
{
	printf("expect %s %ld %s ", symbol, pages, end);
	if (frames)
		printf("%d\n", frames);
	else
		puts("-");
}

SHAPE void chain__ready(void)
{
	STAYS;
}

static void print_modules(void)
{
	char line[4200], last[4096] = "";
	FILE *maps = fopen("/proc/self/maps", "re");

	if (!maps)
		die("maps");
	while (fgets(line, sizeof(line), maps)) {
		char path[4096];
		unsigned long start;

		if (sscanf(line, "%lx-%*x %*s %*s %*s %*s %4095s", &start, path) == 2 &&
		    strcmp(path, last)) {
			strcpy(last, path);
			printf("module %lx %s\n", start, path);
		}
	}
	fclose(maps);
}

int chain__done(void)
{
	print_modules();
	puts("done");
	return fflush(stdout) ? 1 : 0;
}
