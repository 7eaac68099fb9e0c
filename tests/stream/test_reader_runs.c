// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Long runs of zero pages, which the reader of streams takes at once: where they begin and end, and
 * that it says the same of them as where each record is looked at by itself.
 */
#include "stream_reading.h"

/* Of pages of 1 << bits bytes, which may begin anywhere in their block. */
static void put_run(unsigned int bits, uint64_t block_pages, uint64_t first, uint64_t n)
{
	uint64_t size = UINT64_C(1) << bits;

	put_header(&made);
	put_subsection(&made, "configuration/target-page-bits");
	put_number(&made, bits, 4);
	put_start(&made, "ram");
	put_number(&made, (block_pages << bits) | MEM_SIZE, 8);
	put_block(&made, "ram0", block_pages << bits);
	put_end_of_section(&made);
	put_section(&made, END);
	for (uint64_t page = first; page < first + n; page++) {
		put_number(&made, page * size | ZERO | (page == first ? 0 : CONTINUE), 8);
		if (page == first)
			put_string(&made, "ram0");
		put_number(&made, 0, 1);
	}
}

/* Byte by byte no record is at hand when the last was read, and each is looked at by itself. */
static void assert_same_in_one_piece(void)
{
	int err = read_some(made.len, 1);
	struct stream_error alone = error;
	struct stream_info alone_info = info;
	size_t pages = sunk.nr_blocks ? sunk.blocks[0].length / sunk__page(&sunk) : 0;
	uint8_t *states = malloc(pages + 1);

	assert_non_null(states);
	if (pages)
		memcpy(states, sunk.blocks[0].states, pages);
	assert_int_equal(read_some(made.len, 0), err);
	assert_int_equal(error.offset, alone.offset);
	assert_string_equal(error.text, alone.text);
	assert_int_equal(info.zero_pages, alone_info.zero_pages);
	if (pages)
		assert_memory_equal(sunk.blocks[0].states, states, pages);
	free(states);
}

static int keep_again(void **state)
{
	(void)state;
	sunk__clear(&sunk);
	sunk.keep = true;
	sunk.most = 64 << 20;
	sunk.page_size = 0;
	return 0;
}

/* Over a carry from bit 23, to the end of the block and beyond. */
static void long_runs_are_one_range(void **state)
{
	static const unsigned int bits[] = {10, 11, 12, 13, 14, 16};

	(void)state;
	sunk.keep = false;
	for (size_t i = 0; i < sizeof(bits) / sizeof(*bits); i++) {
		uint64_t carry = UINT64_C(1) << (24 - bits[i]), pages = carry + 107;

		sunk.most = UINT64_C(1) << 30;
		sunk.page_size = UINT64_C(1) << bits[i];
		for (uint64_t first = carry - 106; first < carry - 70; first++) {
			put_run(bits[i], pages, first, pages - first);
			put_end_of_section(&made);
			assert_same_in_one_piece();
			assert_int_equal(sunk.zero_calls, 1);
			assert_int_equal(info.zero_pages, pages - first);
			assert_int_equal(sunk.blocks[0].states[first - 1], PAGE_UNTOUCHED);
			put_run(bits[i], pages, first, pages - first + 20);
			assert_same_in_one_piece();
			assert_int_equal(info.zero_pages, pages - first);
			assert_non_null(strstr(error.text, "which has"));
		}
	}
}

/* Each byte of it in turn is another. */
static void a_run_ends_where_a_record_differs(void **state)
{
	static const uint8_t changes[] = {0x01, 0x02, 0x10, 0x20, 0x80, 0xff};
	size_t begin;

	(void)state;
	sunk.keep = false;
	sunk.most = UINT64_C(1) << 30;
	put_run(12, 4200, 4000, 1);
	begin = made.len;
	put_run(12, 4200, 4000, 150);
	put_end_of_section(&made);
	for (size_t i = begin; i < made.len; i++)
		for (size_t k = 0; k < sizeof(changes); k++) {
			made.data[i] ^= changes[k];
			assert_same_in_one_piece();
			made.data[i] ^= changes[k];
		}
}

/* What follows the last page below 16 MiB is page 0 again, and again and again. */
static void an_offset_that_wraps_begins_another_run(void **state)
{
	(void)state;
	sunk.keep = false;
	sunk.most = UINT64_C(1) << 30;
	put_run(12, 3 * 4096, 4096, 4096);
	for (uint64_t page = 4096; page < 4096 + 64; page++)
		put_zero(&made, NULL, page);
	put_end_of_section(&made);
	assert_same_in_one_piece();
	assert_int_equal(info.zero_pages, 4096 + 64);
	assert_int_equal(sunk.zero_calls, 2);
	assert_int_equal(sunk.blocks[0].states[2 * 4096], PAGE_UNTOUCHED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(long_runs_are_one_range, keep_again),
		cmocka_unit_test_teardown(a_run_ends_where_a_record_differs, keep_again),
		cmocka_unit_test_teardown(an_offset_that_wraps_begins_another_run, keep_again),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	sunk__clear(&sunk);
	return failed;
}
