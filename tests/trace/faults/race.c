// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * race SECONDS: 64 threads fault at once, in rounds, each on a new memfd: in even rounds each reads
 * pages of its own, in odd ones all read the same pages, from the same one on. Prints what was
 * populated by the kernel's own figures: "own PAGES same PAGES rounds COUNT".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 64, EACH = 64, PAGES = THREADS * EACH };

static size_t page_size;
static pthread_barrier_t begin, end;
static const volatile char *memory; /* NULL: no round any more */
static int same;

static void check(const char *what, int ok)
{
	if (ok)
		return;
	fprintf(stderr, "race: %s: %s\n", what, strerror(errno));
	exit(1);
}

__attribute__((noipa)) static void read_own(size_t thread)
{
	for (size_t i = thread * EACH; i < (thread + 1) * EACH; i++)
		(void)memory[i * page_size];
}

__attribute__((noipa)) static void read_same(void)
{
	for (size_t i = 0; i < PAGES; i++)
		(void)memory[i * page_size];
}

static void *work(void *thread)
{
	for (;;) {
		pthread_barrier_wait(&begin);
		if (!memory)
			return NULL;
		if (same)
			read_same();
		else
			read_own((size_t)thread);
		pthread_barrier_wait(&end);
	}
}

/* One round; the kernel's figure of what it populated. */
static long run_round(void)
{
	int fd = memfd_create("race", MFD_CLOEXEC);
	size_t size = PAGES * page_size;
	struct stat st;
	void *mem;

	check("memfd_create", fd >= 0 && !ftruncate(fd, (off_t)size));
	mem = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	check("mmap", mem != MAP_FAILED);
	memory = mem;
	pthread_barrier_wait(&begin);
	pthread_barrier_wait(&end);
	check("fstat", !fstat(fd, &st));
	check("munmap", !munmap(mem, size) && !close(fd));
	return (long)((size_t)st.st_blocks * 512 / page_size);
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 0;
	pthread_t threads[THREADS];
	long pages[2] = {0, 0}, rounds = 0;
	struct timespec start, now;

	page_size = (size_t)sysconf(_SC_PAGESIZE);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	pthread_barrier_init(&begin, NULL, THREADS + 1);
	pthread_barrier_init(&end, NULL, THREADS + 1);
	for (size_t i = 0; i < THREADS; i++) {
		errno = pthread_create(&threads[i], NULL, work, (void *)i);
		check("pthread_create", !errno);
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		same = rounds % 2;
		pages[same] += run_round();
		rounds++;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9 <
			 seconds ||
		 rounds < 2);
	memory = NULL;
	pthread_barrier_wait(&begin);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("own %ld same %ld rounds %ld\n", pages[0], pages[1], rounds);
	return 0;
}
