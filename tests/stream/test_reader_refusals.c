// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where and how the reader of streams says what is wrong: other files, what it does not support,
 * what does not add up. A damaged delta must not write beyond its page.
 */
#include "stream/xbzrle.h"
#include "stream_reading.h"

static void other_files_are_told_apart(void **state)
{
	static const struct {
		const char *bytes, *words;
		int err;
	} cases[] = {
		{"\x16\x03\x01\x02 and so on, a hello", "TLS", -ENOTSUP},
		{"\x11\x22\x33\x44 and so on ......", "multifd", -ENOTSUP},
		{"\x1f\x8b\x08 and so on ..........", "gzip", -ENOTSUP},
		{"LibvirtQemudPart and so on ......", "never finished", -EINVAL},
		{"no stream at all ................", "no migration stream", -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		made.len = 0;
		put(&made, cases[i].bytes, strlen(cases[i].bytes));
		assert_fails(cases[i].err, 0, cases[i].words);
	}
	made.len = 0;
	put(&made, "QEVM\0\0\0\2", 8);
	assert_fails(-ENOTSUP, 4, "version 2");
}

static void what_is_not_supported_is_named(void **state)
{
	static const struct {
		uint64_t flags;
		const char *words;
	} cases[] = {{0x80, "RDMA"}, {0x100, "compress"}, {0x400, "0x400"}, {0x0a, "0xa"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t at;

		put_setup(&made);
		put_section(&made, PART);
		at = made.len;
		put_number(&made, cases[i].flags, 8);
		assert_fails(-ENOTSUP, at, cases[i].words);
	}
}

static void sections_that_cannot_be_passed_by_are_named(void **state)
{
	uint64_t at;

	(void)state;
	put_setup(&made);
	at = made.len;
	put_start(&made, "dirty-bitmap");
	assert_fails(-ENOTSUP, at, "dirty-bitmap");
	put_setup(&made);
	at = made.len;
	put_number(&made, COMMAND, 1);
	put_number(&made, 7, 2);
	put_number(&made, 4, 2);
	put_number(&made, 100, 4);
	assert_fails(-ENOTSUP, at, "packaged");
	put_header(&made);
	at = made.len;
	put_subsection(&made, "configuration/new");
	assert_fails(-ENOTSUP, at, "configuration/new");
	put_setup(&made);
	at = made.len;
	put_number(&made, 0, 1);
	assert_fails(-EINVAL, at, "before RAM is complete");
}

static void multifd_is_named_when_ram_is_over(void **state)
{
	uint64_t at;

	(void)state;
	put_setup(&made);
	put_section(&made, PART);
	at = made.len;
	put_number(&made, 0x200, 8);
	put_end_of_section(&made);
	put_end(&made);
	assert_fails(-ENOTSUP, at, "multifd");
	assert_int_equal(info.multifd_syncs, 1);
}

static void pages_that_lie_nowhere_are_refused(void **state)
{
	uint64_t at;

	(void)state;
	put_setup(&made);
	put_section(&made, PART);
	at = made.len;
	put_zero(&made, "ram0", 16);
	assert_fails(-EINVAL, at, "ram0");
	put_setup(&made);
	put_section(&made, PART);
	at = made.len;
	put_zero(&made, "ram9", 0);
	assert_fails(-EINVAL, at, "ram9");
	put_setup(&made);
	put_section(&made, PART);
	at = made.len;
	put_zero(&made, NULL, 0);
	assert_fails(-EINVAL, at, "no RAM block");
	/* The run ends with the block, and the record behind it is judged by itself. */
	put_setup(&made);
	put_section(&made, PART);
	put_zero(&made, "ram0", 15);
	at = made.len;
	put_zero(&made, NULL, 16);
	assert_fails(-EINVAL, at, "0x10000");
}

static void blocks_that_do_not_add_up_are_refused(void **state)
{
	uint64_t at;

	(void)state;
	put_header(&made);
	put_start(&made, "ram");
	put_number(&made, 2 * PAGE | MEM_SIZE, 8);
	put_block(&made, "ram0", PAGE);
	at = made.len;
	put_block(&made, "ram1", 2 * PAGE);
	assert_fails(-EINVAL, at, "ram1");
	put_header(&made);
	put_start(&made, "ram");
	put_number(&made, 2 * PAGE | MEM_SIZE, 8);
	put_block(&made, "ram0", PAGE);
	at = made.len;
	put_block(&made, "ram0", PAGE);
	assert_fails(-EINVAL, at, "twice");
	put_setup(&made);
	put_section(&made, PART);
	at = made.len;
	put_number(&made, PAGE | MEM_SIZE, 8);
	assert_fails(-EINVAL, at, "second time");
	/* More than the sink has. */
	put_header(&made);
	put_start(&made, "ram");
	put_number(&made, UINT64_C(1) << 60 | MEM_SIZE, 8);
	at = made.len;
	put_block(&made, "ram0", UINT64_C(1) << 60);
	assert_fails(-ENOMEM, at, "ram0");
}

static void footers_belong_to_their_section(void **state)
{
	uint64_t at;

	(void)state;
	put_setup(&made);
	put_section(&made, PART);
	put_number(&made, EOS, 8);
	at = made.len;
	put_number(&made, 0x7e, 1);
	put_number(&made, 3, 4);
	assert_fails(-EINVAL, at, "footer");
}

static void damaged_deltas_write_nothing_beyond(void **state)
{
	static const struct {
		uint8_t delta[8];
		size_t len;
	} cases[] = {
		{{1}, 1},                         /* ends after what stays */
		{{1, 0}, 2},                      /* nothing changes */
		{{1, 1, 9, 0, 1, 9}, 6},          /* a second run without what stays */
		{{1, 5, 9}, 3},                   /* fewer bytes than it says */
		{{0x80, 0x80, 1, 9}, 4},          /* a length of three bytes */
		{{0xff, 0x1f, 2, 9, 9}, 5},       /* over the end by one */
		{{0xff, 0x7f, 1, 9}, 4},          /* far over it */
		{{0xfe, 0x1f, 1, 9, 8, 1, 9}, 7}, /* over it by the second run */
	};
	uint8_t page[PAGE + 16];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		memset(page, 0x5a, sizeof(page));
		assert_int_equal(xbzrle__apply(cases[i].delta, cases[i].len, page, PAGE), -EINVAL);
		for (size_t b = PAGE; b < sizeof(page); b++)
			assert_int_equal(page[b], 0x5a);
	}
	/* The last byte of the page may change. */
	assert_int_equal(xbzrle__apply((const uint8_t *)"\xff\x1f\x01\x09", 4, page, PAGE), 0);
	assert_int_equal(page[PAGE - 1], 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_files_are_told_apart),
		cmocka_unit_test(what_is_not_supported_is_named),
		cmocka_unit_test(sections_that_cannot_be_passed_by_are_named),
		cmocka_unit_test(multifd_is_named_when_ram_is_over),
		cmocka_unit_test(pages_that_lie_nowhere_are_refused),
		cmocka_unit_test(blocks_that_do_not_add_up_are_refused),
		cmocka_unit_test(footers_belong_to_their_section),
		cmocka_unit_test(damaged_deltas_write_nothing_beyond),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	sunk__clear(&sunk);
	return failed;
}
