// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counts zero pages from outside the process. Pages of a file are found by SEEK_DATA, and read() of
 * a page that is not there allocates nothing; private pages are found by pagemap. Memory is looked
 * at in clusters, in an order that spreads over all of it from the beginning: so whenever time is
 * up, the clusters looked at are a sample.
 */
#include "proc/zero_pages.h"
#include "proc/guest_memory.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CLUSTER_PAGES = 16, MIN_CLUSTERS = 128 };

#define PAGE_PRESENT   (1ULL << 63)
#define PAGE_EXCLUSIVE (1ULL << 56) /* mapped once, which the shared zero page never is */

struct look {
	int file, mem, pagemap; /* -1: not used */
	uint64_t first;         /* file offset, or address */
	uint64_t pages;
	size_t page_size;
	uint64_t hole, hole_end; /* [hole, hole_end) of the file has no data */
	char *buffer;            /* room for one cluster */
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* True if any swap space is in use. */
static bool swap_is_used(void)
{
	unsigned long long total = 0, left = 0, value;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "SwapTotal: %llu", &value) == 1)
			total = value;
		else if (sscanf(line, "SwapFree: %llu", &value) == 1)
			left = value;
	}
	if (f)
		fclose(f);
	return total != left;
}

static void look__close(struct look *l)
{
	const int fds[] = {l->file, l->mem, l->pagemap};

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(l->buffer);
}

static int look__open(struct look *l, const struct zero_pages *z, pid_t pid)
{
	struct stat st;

	*l = (struct look){.file = -1, .mem = -1, .pagemap = -1};
	l->page_size = (size_t)sysconf(_SC_PAGESIZE);
	l->buffer = malloc(CLUSTER_PAGES * l->page_size);
	if (!l->buffer)
		return -ENOMEM;
	if (!z->inode) {
		l->first = z->start;
		l->pages = (z->end - z->start) / l->page_size;
		l->pagemap = guest_memory__open_proc(pid, "pagemap");
		l->mem = l->pagemap < 0 ? l->pagemap : guest_memory__open_proc(pid, "mem");
		return l->mem < 0 ? l->mem : 0;
	}
	l->file = guest_memory__open_file(pid, z->dev, z->inode);
	if (l->file < 0)
		return l->file;
	if (fstat(l->file, &st))
		return -errno;
	l->pages = ((uint64_t)st.st_size + l->page_size - 1) / l->page_size;
	return 0;
}

static bool is_zero(const char *page, size_t size)
{
	uint64_t word;

	memcpy(&word, page, sizeof(word));
	return !word && !memcmp(page, page + sizeof(word), size - sizeof(word));
}

/* True if the file has data within "size" bytes from "at" on. */
static bool has_data(struct look *l, uint64_t at, uint64_t size)
{
	off_t next;

	if (at >= l->hole && at + size <= l->hole_end)
		return false;
	next = lseek(l->file, (off_t)at, SEEK_DATA);
	if (next >= 0 && (uint64_t)next < at + size)
		return true;
	l->hole = at;
	l->hole_end = next < 0 ? UINT64_MAX : (uint64_t)next;
	return false;
}

static int64_t zeros_of_file(struct look *l, uint64_t page, size_t n)
{
	uint64_t at = l->first + page * l->page_size;
	int64_t zeros = 0;
	ssize_t got;

	if (!has_data(l, at, n * l->page_size))
		return 0;
	got = pread(l->file, l->buffer, n * l->page_size, (off_t)at);
	for (size_t i = 0; got > 0 && i < (size_t)got / l->page_size; i++)
		if (is_zero(l->buffer + i * l->page_size, l->page_size))
			zeros += has_data(l, at + i * l->page_size, l->page_size);
	return zeros;
}

static int64_t zeros_of_private(struct look *l, uint64_t page, size_t n)
{
	uint64_t entries[CLUSTER_PAGES], at = l->first + page * l->page_size;
	int64_t zeros = 0;

	if (pread(l->pagemap, entries, n * sizeof(*entries),
		  (off_t)(at / l->page_size * sizeof(*entries))) != (ssize_t)(n * sizeof(*entries)))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (entries[i] & PAGE_PRESENT && entries[i] & PAGE_EXCLUSIVE &&
		    pread(l->mem, l->buffer, l->page_size, (off_t)(at + i * l->page_size)) ==
			    (ssize_t)l->page_size)
			zeros += is_zero(l->buffer, l->page_size);
	return zeros;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Steps of the golden section visit each of "n" clusters once, and spread evenly from the
 * beginning. */
static uint64_t step_through(uint64_t n)
{
	uint64_t step = (uint64_t)((double)n * 0.6180339887498949);

	step = step ? step : 1;
	while (common_divisor(step, n) != 1)
		step++;
	return step;
}

/* Estimates how many zero pages "all" clusters have at least, from "n" that were looked at: two
 * standard errors below the estimate, but never less than were seen. If all clusters looked alike
 * the standard error is 0; then up to three clusters in "n" may be different (the rule of three).
 * */
static int64_t least_of(double sum, double squares, uint64_t n, uint64_t all)
{
	double scale, mean, variance, error, unseen, least;

	if (!n)
		return 0;
	scale = (double)all / (double)n;
	mean = sum / (double)n;
	variance = n > 1 ? (squares - sum * mean) / (double)(n - 1) : 0;
	variance = variance > 0 ? variance : 0;
	error = 2 * (double)all * sqrt(variance / (double)n * (1 - 1 / scale));
	unseen = 3 * CLUSTER_PAGES * scale * (1 - 1 / scale);
	least = (double)all * mean - (error > unseen ? error : unseen);
	return (int64_t)(least > sum ? least : sum);
}

static void look__at(struct look *l, uint64_t budget_ns, struct zero_pages *z)
{
	uint64_t clusters = (l->pages + CLUSTER_PAGES - 1) / CLUSTER_PAGES, step, at = 0, n;
	uint64_t deadline = now_ns() + budget_ns;
	double sum = 0, squares = 0;

	z->looked_pages = z->zero_pages = 0;
	if (!clusters)
		return;
	step = step_through(clusters);
	if (getrandom(&at, sizeof(at), GRND_NONBLOCK) == sizeof(at))
		at %= clusters;
	else
		at = 0;
	for (n = 0; n < clusters && (n < MIN_CLUSTERS || n % 16 || now_ns() < deadline); n++) {
		uint64_t page = at * CLUSTER_PAGES;
		size_t pages = l->pages - page < CLUSTER_PAGES ? (size_t)(l->pages - page)
							       : CLUSTER_PAGES;
		double zeros = (double)(l->file >= 0 ? zeros_of_file(l, page, pages)
						     : zeros_of_private(l, page, pages));

		sum += zeros;
		squares += zeros * zeros;
		z->looked_pages += (int64_t)pages;
		at = (at + step) % clusters;
	}
	z->zero_pages = least_of(sum, squares, n, clusters);
}

int zero_pages__count(struct zero_pages *z, pid_t pid, uint64_t budget_ns)
{
	struct look l;
	int err;

	if (swap_is_used())
		return -EBUSY;
	err = look__open(&l, z, pid);
	if (!err)
		look__at(&l, budget_ns, z);
	look__close(&l);
	return err;
}
