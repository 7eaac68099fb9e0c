// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The published zero handler gives a page back by MADV_DONTNEED and returns. Each of its faults is
 * shown here with it, on real memory, and shown not to be in migfix_zero(): where the published one
 * does no harm any more the test says nothing, and fails.
 */
#include <migfix.h>
#include <string.h>
#include <sys/mman.h>

#include "holds.h"
#include "memory.h"

enum { OLD = 42 };

/* "region" was opened when the memory was as memory_make() leaves it. */
typedef void handler(struct memory *memory, struct migfix_region *region, uint64_t off,
		     uint64_t len);

static void published(struct memory *memory, struct migfix_region *region, uint64_t off,
		      uint64_t len)
{
	char *host = memory->region + off;

	(void)region;
	if (!madvise(host, len, MADV_DONTNEED))
		return;
	if (host[0] || memcmp(host, host + 1, len - 1))
		memset(host, 0, len);
}

static void ours(struct memory *memory, struct migfix_region *region, uint64_t off, uint64_t len)
{
	(void)memory;
	equals("zero", migfix_zero(region, off, len), 0);
}

static struct migfix_region *make(struct memory *memory, enum memory_kind kind,
				  enum memory_state state)
{
	struct migfix_options options = MIGFIX_OPTIONS_INIT;
	struct migfix_region *region;

	memory_make(memory, kind, state, 1);
	options.fd = memory->fd_told ? memory->fd : -1;
	options.fd_offset = memory->fd_told ? memory->guard : 0;
	if (migfix_region_open(&region, memory->region, memory->pages * memory->page, &options))
		fail("cannot open a region of %s", memory_kind_name(kind));
	return region;
}

static void end(struct memory *memory, struct migfix_region *region)
{
	equals("close", migfix_region_close(region), 0);
	memory_free(memory);
}

/* Bytes of [off, off + len) of the region that are not "wanted". */
static size_t others(const struct memory *memory, uint64_t off, uint64_t len, char wanted)
{
	size_t count = 0;

	for (uint64_t i = off; i < off + len; i++)
		count += memory->region[i] != wanted;
	return count;
}

static size_t stale_bytes(handler *zero, enum memory_kind kind)
{
	struct migfix_region *region;
	struct memory memory;
	size_t stale;

	region = make(&memory, kind, STATE_PLAIN);
	memset(memory.region, OLD, 2 * memory.page);
	zero(&memory, region, 0, memory.page);
	stale = others(&memory, 0, memory.page, 0);
	equals("bytes changed beside", (long long)others(&memory, memory.page, memory.page, OLD),
	       0);
	end(&memory, region);
	return stale;
}

/* A page that a former round of the migration sent, and this one sends as zero. */
static void test_stale_data(void)
{
	static const enum memory_kind shared[] = {MEMORY_MEMFD, MEMORY_TMPFS, MEMORY_ANON_SHARED,
						  MEMORY_FILE};

	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		const char *name = memory_kind_name(shared[i]);

		holds(stale_bytes(published, shared[i]) == page_size,
		      "%s: the published handler leaves no stale data: this test is void", name);
		holds(!stale_bytes(ours, shared[i]), "%s: stale data", name);
	}
}

static long lost_pages(handler *zero, enum memory_state state)
{
	struct migfix_region *region;
	struct memory memory;
	size_t before;
	long lost;

	region = make(&memory, MEMORY_ANON, state);
	before = memory_count(&memory);
	for (size_t i = 0; i < memory.pages; i++)
		zero(&memory, region, i * memory.page, memory.page);
	lost = (long)before - (long)memory_count(&memory);
	equals("bytes not zero", (long long)others(&memory, 0, memory.pages * memory.page, 0), 0);
	end(&memory, region);
	return lost;
}

/* Memory that was paid for up front, so that the guest never waits for it. */
static void test_discarded_preallocation(void)
{
	static const enum memory_state states[] = {STATE_POPULATED, STATE_TOUCHED};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		const char *name = memory_state_name(states[i]);

		holds(lost_pages(published, states[i]) > 0,
		      "%s: the published handler keeps preallocated pages: this test is void",
		      name);
		equals(name, lost_pages(ours, states[i]), 0);
	}
}

/* Bytes that are wrong after a part of a page was made zero: stale in it, or changed beside it. */
static size_t wrong_bytes(handler *zero, enum memory_kind kind, uint64_t part)
{
	struct migfix_region *region;
	struct memory memory;
	size_t count;

	region = make(&memory, kind, STATE_PLAIN);
	memset(memory.region, OLD, memory.page);
	zero(&memory, region, 0, part);
	count = others(&memory, 0, part, 0) + others(&memory, part, memory.page - part, OLD);
	end(&memory, region);
	return count;
}

/* Host pages larger than the page of the target: huge ones, and 4 KiB for a target of 1 KiB. */
static void test_partial_page(void)
{
	static const struct {
		enum memory_kind kind;
		uint64_t part;
	} cases[] = {
		{MEMORY_HUGETLB_ANON, 4096},
		{MEMORY_HUGETLB_MEMFD, 4096},
		{MEMORY_ANON, 1024},
		{MEMORY_MEMFD, 1024},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *name = memory_kind_name(cases[i].kind);

		holds(wrong_bytes(published, cases[i].kind, cases[i].part),
		      "%s: the published handler is right about a part of a page: this test is "
		      "void",
		      name);
		holds(!wrong_bytes(ours, cases[i].kind, cases[i].part),
		      "%s: %llu bytes of a page were to be zero, and nothing else changed", name,
		      (unsigned long long)cases[i].part);
	}
}

int main(void)
{
	test_stale_data();
	test_discarded_preallocation();
	hugetlb_need(memory_huge_pages(MEMORY_HUGETLB_ANON));
	test_partial_page();
	return verdict();
}
