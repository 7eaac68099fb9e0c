// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The benchmark's workload: read faults on a fresh memfd mapping, a page at a time, under a call
 * stack of chosen depth. It waits for orders on stdin, so that tracers can come and go around it:
 * each line "go" is one round and answers with one line "NS-PER-FAULT FAULTS".
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create(), RUSAGE_THREAD */
#endif
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

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

static int round_of(size_t size, unsigned int depth)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = memfd_create("fault", MFD_CLOEXEC);
	uint64_t began, took;
	uint8_t *memory;
	long before, n;

	if (fd < 0 || ftruncate(fd, (off_t)size)) {
		perror("fault: memfd");
		return -1;
	}
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (memory == MAP_FAILED) {
		perror("fault: mmap");
		return -1;
	}
	before = faults();
	began = now_ns();
	if (descend(depth, memory, size, page)) {
		fputs("fault: fresh memory was not zero\n", stderr);
		return -1;
	}
	took = now_ns() - began;
	n = faults() - before;
	munmap(memory, size);
	printf("%.1f %ld\n", (double)took / (double)(size / page), n);
	fflush(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	size_t size = (size_t)1 << 30;
	unsigned int depth = 4;
	char line[64];
	int opt;

	while ((opt = getopt(argc, argv, "m:d:")) != -1) {
		if (opt == 'm')
			size = strtoul(optarg, NULL, 0);
		else if (opt == 'd')
			depth = (unsigned int)strtoul(optarg, NULL, 0);
		else
			size = 0;
		if (!size) {
			fputs("usage: fault [-m BYTES] [-d DEPTH]\n", stderr);
			return 2;
		}
	}
	while (fgets(line, sizeof(line), stdin)) {
		if (strcmp(line, "go\n")) {
			fprintf(stderr, "fault: not an order: %s", line);
			return 2;
		}
		if (round_of(size, depth))
			return 1;
	}
	return 0;
}
