// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The digest of guest memory: it is that of the content, holes or not, and reading it populates
 * nothing, neither page nor page table. It must not know of streams.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <nettle/sha2.h>

#include "replay/memory.h"
#include "replay/populated.h"

#define PAGE   UINT64_C(4096)
#define HUGE   (UINT64_C(2) << 20)
#define LENGTH (8 * HUGE)

/* The first and the last page, two in one huge page, and one that becomes zero again. */
static const uint64_t payload[] = {0, 700, 702, LENGTH / PAGE - 1};
enum { NR_PAYLOAD = sizeof(payload) / sizeof(*payload), ZEROED = 2000 };

static void load_page(const struct stream_sink *sink, uint64_t page, uint8_t *expected)
{
	void *memory;

	assert_int_equal(sink->write(sink->opaque, 0, page * PAGE, PAGE, &memory), 0);
	memset(memory, (int)(page % 251) + 1, PAGE);
	memcpy(expected + page * PAGE, memory, PAGE);
	assert_int_equal(sink->written(sink->opaque), 0);
}

static void load(struct replay_memory *m, uint8_t expected[REPLAY_DIGEST])
{
	struct stream_sink sink = replay_memory__sink(m);
	uint8_t *content = calloc(1, LENGTH);
	struct sha256_ctx sha;

	assert_non_null(content);
	assert_int_equal(sink.block(sink.opaque, 0, "ram0", LENGTH), 0);
	load_page(&sink, ZEROED, content);
	for (int i = 0; i < NR_PAYLOAD; i++)
		load_page(&sink, payload[i], content);
	assert_int_equal(sink.zero(sink.opaque, 0, ZEROED * PAGE, PAGE), 0);
	memset(content + ZEROED * PAGE, 0, PAGE);
	assert_int_equal(replay_memory__finish(m), 0);
	sha256_init(&sha);
	sha256_update(&sha, LENGTH, content);
	sha256_digest(&sha, REPLAY_DIGEST, expected);
	free(content);
}

/* Pages of the block with an entry in the page table: there, or swapped out. */
static uint64_t entries(const struct replay_block *b)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t n = 0, entry;

	assert_true(fd >= 0);
	for (uint64_t page = 0; page < LENGTH / PAGE; page++) {
		off_t at = (off_t)(((uintptr_t)b->memory / PAGE + page) * sizeof(entry));

		assert_int_equal(pread(fd, &entry, sizeof(entry), at), sizeof(entry));
		n += (entry >> 62) != 0;
	}
	close(fd);
	return n;
}

static void check(enum ram_backing backing, bool track, uint64_t populated, uint64_t mapped)
{
	struct replay_memory m = {.setup = {.backing = backing, .batch = true, .track = track}};
	uint8_t expected[REPLAY_DIGEST];
	struct replay_block *b;

	load(&m, expected);
	b = &m.blocks[0];
	assert_int_equal(b->populated_pages, populated);
	assert_int_equal(entries(b), mapped);
	assert_int_equal(replay_memory__digest(&m), 0);
	assert_memory_equal(b->digest, expected, REPLAY_DIGEST);
	assert_int_equal(replay_block__populated(b), 0);
	assert_int_equal(b->populated_pages, populated);
	assert_int_equal(entries(b), mapped);
	replay_memory__free(&m);
}

static void of_shared_memory(void **state)
{
	(void)state;
	for (int track = 0; track < 2; track++) {
		check(BACKING_MEMFD, track, NR_PAYLOAD, NR_PAYLOAD);
		check(BACKING_FILE, track, NR_PAYLOAD, NR_PAYLOAD);
	}
}

static void of_private_memory(void **state)
{
	(void)state;
	for (int track = 0; track < 2; track++)
		check(BACKING_RAM, track, NR_PAYLOAD, NR_PAYLOAD);
}

/* Each page that was written is in the file and a copy of it; what is compared and written stays.
 */
static void of_a_private_mapping(void **state)
{
	(void)state;
	for (int track = 0; track < 2; track++)
		check(BACKING_MEMFD_PRIVATE, track, 2 * (NR_PAYLOAD + 1), NR_PAYLOAD + 1);
}

/* Payload lies in three of eight huge pages, what was zeroed in a fourth, which stays. */
static void of_huge_pages(void **state)
{
	uint64_t pages = HUGE / PAGE;
	void *memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 21 << MAP_HUGE_SHIFT, -1,
			    0);

	(void)state;
	if (memory == MAP_FAILED) {
		print_message("no 8 huge pages of 2 MiB are free\n");
		skip();
	}
	munmap(memory, LENGTH);
	for (int track = 0; track < 2; track++)
		check(BACKING_HUGETLB, track, 4 * pages, 4 * pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_shared_memory),
		cmocka_unit_test(of_private_memory),
		cmocka_unit_test(of_a_private_mapping),
		cmocka_unit_test(of_huge_pages),
	};

	return cmocka_run_group_tests_name("reading the digest populates nothing", tests, NULL,
					   NULL);
}
