// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Several threads on one region, and on several: each has pages of its own, between those of the
 * others, so that their runs join. Is built with ThreadSanitizer where there is one, and checks
 * content all the same.
 */
#include <migfix.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "holds.h"
#include "memory.h"
#include "random.h"

enum { PAGES = 64, MAX_REGIONS = 4, OPERATIONS = 4000 };

static struct {
	size_t threads, regions;
	struct migfix_region *region[MAX_REGIONS];
	char *memory[MAX_REGIONS];
	int fd[MAX_REGIONS];
} all;

static _Atomic unsigned int wrong;

static void check(bool ok)
{
	if (!ok)
		atomic_fetch_add(&wrong, 1);
}

static bool all_bytes(const char *page, char wanted)
{
	return page[0] == wanted && !memcmp(page, page + 1, page_size - 1);
}

static void write_page(struct migfix_region *region, uint64_t off, char value)
{
	void *to = NULL;

	check(!migfix_write(region, off, page_size, &to));
	memset(to, value, page_size);
}

static void look_around(struct migfix_region *region)
{
	struct migfix_stats stats;
	struct migfix_info info;

	check(!migfix_region_stats(region, &stats, sizeof(stats)));
	check(!migfix_region_info(region, &info, sizeof(info)));
	check(info.page_size == page_size);
	check(!migfix_region_set_flags(region, MIGFIX_PINNED, 0));
	check(!migfix_region_set_flags(region, 0, MIGFIX_PINNED));
}

/* values: what this thread left in its pages; -1: zero was asked for, and may come later. */
static void operate(uint64_t *random, size_t which, size_t page, int *value)
{
	struct migfix_region *region = all.region[which];
	uint64_t off = page * page_size;

	switch (random_below(random, 8)) {
	case 0:
	case 1:
		*value = (int)random_below(random, 127) + 1;
		write_page(region, off, (char)*value);
		break;
	case 2:
		check(!migfix_zero(region, off, page_size));
		*value = *value < 0 ? -1 : 0;
		break;
	case 3:
	case 4:
	case 5:
		check(!migfix_zero_later(region, off, page_size));
		*value = -1;
		break;
	case 6:
		check(migfix_is_zero(region, off, page_size) == (*value <= 0));
		*value = *value < 0 ? 0 : *value;
		break;
	default:
		check(!migfix_flush(region));
		*value = *value < 0 ? 0 : *value;
		check(all_bytes(all.memory[which] + off, (char)*value));
		look_around(region);
	}
	if (*value >= 0)
		check(all_bytes(all.memory[which] + off, (char)*value));
}

static void run(size_t index)
{
	int values[MAX_REGIONS][PAGES] = {0};
	uint64_t random = index + 1;

	for (int i = 0; i < OPERATIONS; i++) {
		size_t which = random_below(&random, all.regions);
		size_t page = random_below(&random, PAGES / all.threads) * all.threads + index;

		operate(&random, which, page, &values[which][page]);
	}
	for (size_t which = 0; which < all.regions; which++) {
		check(!migfix_flush(all.region[which]));
		for (size_t page = index; page < PAGES; page += all.threads)
			check(all_bytes(all.memory[which] + page * page_size,
					values[which][page] < 0 ? 0 : (char)values[which][page]));
	}
}

static void test(size_t threads, size_t regions, bool shared, uint32_t flags)
{
	all.threads = threads, all.regions = regions;
	for (size_t i = 0; i < regions; i++) {
		struct migfix_options options = MIGFIX_OPTIONS_INIT;

		all.fd[i] = shared ? route_memfd(PAGES) : -1;
		all.memory[i] = shared ? map_shared(all.fd[i], PAGES) : map_anon(PAGES);
		options.fd = all.fd[i];
		options.flags = flags;
		options.batch = i % 2 ? 8 * page_size : 0;
		check(!migfix_region_open(&all.region[i], all.memory[i], PAGES * page_size,
					  &options));
	}
	run_threads(threads, run);
	for (size_t i = 0; i < regions; i++) {
		check(!migfix_region_close(all.region[i]));
		munmap(all.memory[i], PAGES * page_size);
		if (shared)
			close(all.fd[i]);
	}
	holds(!wrong, "%zu threads on %zu regions of %s memory, flags %x: %u checks failed",
	      threads, regions, shared ? "shared" : "private", flags, wrong);
	wrong = 0;
}

int main(void)
{
	static const uint32_t flags[] = {0, MIGFIX_TRACK, MIGFIX_MUST_BE_PRESENT};

	for (size_t i = 0; i < 2 * sizeof(flags) / sizeof(flags[0]); i++) {
		test(2, 1, i % 2, flags[i / 2]);
		test(4, 4, i % 2, flags[i / 2]);
	}
	return verdict();
}
