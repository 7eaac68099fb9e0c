// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How long faults take, against the program's own clock: ones that clear 2 MiB, beside which what
 * surrounds a fault is little. It is not beside small ones: of those the clock's time is 1.02
 * to 1.39 times the tracer's on an emulated processor, with the exception and the tracer itself in
 * it.
 */
#include <time.h>

#include "route.h"

enum { HUGE_PAGES = 16 };

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* One each, to be told apart in the record. */
__attribute__((noipa)) static void touch_huge(volatile char *mem)
{
	*mem = 1;
}

__attribute__((noipa)) static void touch_known(volatile char *mem)
{
	*mem = 1;
}

static long long timed(void (*touch)(volatile char *), char *mem, size_t n, size_t step)
{
	long long sum = 0;

	for (size_t i = 0; i < n; i++) {
		long long began = now_ns();

		touch(mem + i * step);
		sum += now_ns() - began;
	}
	return sum;
}

static void run(int argc, char **argv)
{
	size_t pages = HUGE_PAGES * (HUGE_SIZE / page_size);
	char *mem = map_thp(pages);
	long long with, without;
	long faults;

	(void)argc, (void)argv;
	now_ns(); /* the first call resolves it */
	faults = minor_faults();
	with = timed(touch_huge, mem, HUGE_PAGES, HUGE_SIZE);
	check_equal("page faults", minor_faults() - faults, HUGE_PAGES);
	without = timed(touch_known, mem, HUGE_PAGES, HUGE_SIZE);

	expect("fault_ns %lld symbol=touch_huge unless-null", with - without);
	expect("faults %d symbol=touch_huge", HUGE_PAGES);
	expect("populated %zu " OF_ANON " symbol=touch_huge", pages);
	expect("faults 0 symbol=touch_known");
}

const struct route route = {.run = run, .flags = ROUTE_THP};
