// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The benchmark's workload: read faults on a fresh memfd mapping, a page at a time, under a call
 * stack of chosen depth, by as many threads at once as asked for. It waits for orders on stdin, so
 * that tracers can come and go around it: each line "go" is one round and answers with one line
 * "NS-PER-FAULT FAULTS", the former of CPU time.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create(), RUSAGE_THREAD */
#endif
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Of the CPU, by this thread: what others run meanwhile on a busy machine is no cost of a fault. */
static uint64_t spent_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

enum { THREADS_MAX = 64 };

/* One thread's round. */
struct round {
	size_t size;
	unsigned int depth;
	uint64_t took_ns;
	long faults;
	int failed;
};

__attribute__((noinline)) static unsigned int read_pages(const volatile uint8_t *memory,
							 size_t size, size_t page)
{
	unsigned int sum = 0;

	for (size_t at = 0; at < size; at += page)
		sum += memory[at];
	return sum;
}

/* A frame more a level: the addition after the call keeps it from becoming a jump. */
__attribute__((noinline, noclone)) static unsigned int
descend(unsigned int levels, const volatile uint8_t *memory, size_t size, size_t page)
{
	if (!levels)
		return read_pages(memory, size, page);
	return descend(levels - 1, memory, size, page) + (memory == NULL);
}

static uint8_t *map_fresh(size_t size)
{
	int fd = memfd_create("fault", MFD_CLOEXEC);
	uint8_t *memory;

	if (fd < 0 || ftruncate(fd, (off_t)size)) {
		perror("fault: memfd");
		return NULL;
	}
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (memory == MAP_FAILED) {
		perror("fault: mmap");
		return NULL;
	}
	return memory;
}

static void *round__run(void *arg)
{
	struct round *round = arg;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *memory = map_fresh(round->size);
	uint64_t spent;
	long before;

	round->failed = 1;
	if (!memory)
		return NULL;
	before = faults();
	spent = spent_ns();
	if (descend(round->depth, memory, round->size, page)) {
		fputs("fault: fresh memory was not zero\n", stderr);
		return NULL;
	}
	round->took_ns = spent_ns() - spent;
	round->faults = faults() - before;
	round->failed = munmap(memory, round->size);
	return NULL;
}

/* Threads beyond the first are new each round. */
static int run_round(size_t size, unsigned int depth, unsigned int threads)
{
	static struct round rounds[THREADS_MAX]; /* the stack is part of what is measured */
	static pthread_t ids[THREADS_MAX];
	uint64_t took = 0;
	unsigned int n;
	long had = 0;
	int failed = 0;

	for (n = 0; n < threads; n++)
		rounds[n] = (struct round){.size = size, .depth = depth};
	for (n = 1; n < threads; n++)
		if (pthread_create(&ids[n], NULL, round__run, &rounds[n]))
			break;
	failed = n < threads;
	round__run(&rounds[0]);
	while (--n)
		pthread_join(ids[n], NULL);
	for (n = 0; n < threads; n++) {
		failed |= rounds[n].failed;
		took += rounds[n].took_ns;
		had += rounds[n].faults;
	}
	if (failed)
		return -1;
	printf("%.1f %ld\n",
	       (double)took / (double)threads / (double)(size / (size_t)sysconf(_SC_PAGESIZE)),
	       had);
	fflush(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	size_t size = (size_t)1 << 30;
	unsigned int depth = 4, threads = 1;
	char line[64];
	int opt;

	while ((opt = getopt(argc, argv, "m:d:t:")) != -1) {
		if (opt == 'm')
			size = strtoul(optarg, NULL, 0);
		else if (opt == 'd')
			depth = (unsigned int)strtoul(optarg, NULL, 0);
		else if (opt == 't')
			threads = (unsigned int)strtoul(optarg, NULL, 0);
		else
			size = 0;
		if (!size || !threads || threads > THREADS_MAX) {
			fputs("usage: fault [-m BYTES] [-d DEPTH] [-t THREADS]\n", stderr);
			return 2;
		}
	}
	while (fgets(line, sizeof(line), stdin)) {
		if (strcmp(line, "go\n")) {
			fprintf(stderr, "fault: not an order: %s", line);
			return 2;
		}
		if (run_round(size, depth, threads))
			return 1;
	}
	return 0;
}
