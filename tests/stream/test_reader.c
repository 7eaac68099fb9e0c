// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the reader of streams hands on of well-formed ones, made here byte by byte: pages, zero
 * pages, deltas, answers, files of mapped-ram. Every stream is read in one piece, byte by byte, and
 * cut off at each of its bytes.
 */
#include "stream_reading.h"

static void assert_page(unsigned int block, uint64_t page, uint8_t value)
{
	for (size_t i = 0; i < PAGE; i++)
		assert_int_equal(sunk.blocks[block].memory[page * PAGE + i], value);
}

static void pages_arrive(void **state)
{
	(void)state;
	put_setup(&made);
	put_section(&made, PART);
	put_page(&made, "ram0", 3, 0x11);
	put_page(&made, NULL, 4, 0x22);
	put_zero(&made, "rom", 0);
	put_page(&made, "ram0", 5, 0x33);
	put_zero(&made, NULL, 4);
	put_end_of_section(&made);
	put_end(&made);
	assert_reads();
	assert_string_equal(info.machine, "pc");
	assert_int_equal(sunk.nr_blocks, 2);
	assert_string_equal(sunk.blocks[1].name, "rom");
	assert_page(0, 3, 0x11);
	assert_page(0, 4, 0);
	assert_page(0, 5, 0x33);
	assert_int_equal(info.payload_pages, 3);
	assert_int_equal(info.zero_pages, 2);
	assert_int_equal(info.sections, 3);
	assert_int_equal(sunk.blocks[0].states[0], PAGE_UNTOUCHED);
}

static void zero_pages_that_follow_each_other_are_one_range(void **state)
{
	(void)state;
	put_setup(&made);
	put_section(&made, END);
	put_zero(&made, "ram0", 2);
	for (uint64_t page = 3; page < 7; page++)
		put_zero(&made, NULL, page);
	put_zero(&made, NULL, 9);
	for (uint64_t page = 10; page < 16; page++)
		put_zero(&made, NULL, page);
	put_end_of_section(&made);
	assert_reads();
	assert_int_equal(sunk.zero_calls, 2);
	assert_int_equal(info.zero_pages, 12);
	assert_int_equal(sunk.blocks[0].states[1], PAGE_UNTOUCHED);
	assert_int_equal(sunk.blocks[0].states[6], PAGE_ZERO);
	assert_int_equal(sunk.blocks[0].states[7], PAGE_UNTOUCHED);
	assert_int_equal(sunk.blocks[0].states[15], PAGE_ZERO);
}

static void a_delta_changes_what_is_there(void **state)
{
	/* 1 stays, 2 change, 130 stay, 1 changes */
	static const uint8_t delta[] = {1, 2, 0xaa, 0xbb, 0x82, 0x01, 1, 0xcc};

	(void)state;
	put_setup(&made);
	put_section(&made, PART);
	put_page(&made, "ram0", 1, 0x55);
	put_delta(&made, 1, delta, sizeof(delta));
	put_end_of_section(&made);
	put_end(&made);
	assert_reads();
	assert_int_equal(info.xbzrle_pages, 1);
	assert_int_equal(sunk.blocks[0].memory[PAGE], 0x55);
	assert_int_equal(sunk.blocks[0].memory[PAGE + 1], 0xaa);
	assert_int_equal(sunk.blocks[0].memory[PAGE + 2], 0xbb);
	assert_int_equal(sunk.blocks[0].memory[PAGE + 3], 0x55);
	assert_int_equal(sunk.blocks[0].memory[PAGE + 133], 0xcc);
	assert_int_equal(sunk.blocks[0].memory[PAGE + 134], 0x55);
}

static void a_source_with_a_return_path_is_answered(void **state)
{
	static const uint8_t wanted[] = {0, 2, 0, 4, 1, 2, 3, 4, 0, 1, 0, 4, 0, 0, 0, 0};

	(void)state;
	put_header(&made);
	put_number(&made, COMMAND, 1);
	put_number(&made, 1, 2);
	put_number(&made, 0, 2);
	put_number(&made, COMMAND, 1);
	put_number(&made, 2, 2);
	put_number(&made, 4, 2);
	put_number(&made, 0x01020304, 4);
	put_start(&made, "ram");
	put_number(&made, MEM_SIZE, 8);
	put_end_of_section(&made);
	put_end(&made);
	assert_reads();
	assert_true(info.return_path);
	assert_int_equal(nr_replies, 8);
	assert_int_equal(stream__goodbye(&(struct stream_source){.reply = keep_reply}), 0);
	assert_int_equal(nr_replies, sizeof(wanted));
	assert_memory_equal(replies, wanted, sizeof(wanted));
}

static void configuration_says_how_to_go_on(void **state)
{
	static const uint8_t uuid[16] = {5, 5, 5};

	(void)state;
	put_header(&made);
	put_subsection(&made, "configuration/target-page-bits");
	put_number(&made, 14, 4);
	put_subsection(&made, "configuration/capabilities");
	put_number(&made, 1, 4);
	put_string(&made, "x-ignore-shared");
	put_subsection(&made, "configuration/uuid");
	put(&made, uuid, sizeof(uuid));
	put_start(&made, "ram");
	put_number(&made, 4 * PAGE | MEM_SIZE, 8);
	put_block(&made, "ram0", 4 * PAGE);
	put_number(&made, 0x100000000, 8); /* where it lies for the guest */
	put_end_of_section(&made);
	put_section(&made, END);
	put_number(&made, ZERO, 8);
	put_string(&made, "ram0");
	put_number(&made, 0, 1);
	put_end_of_section(&made);
	sunk.page_size = 4 * PAGE;
	assert_reads();
	sunk.page_size = 0;
	assert_int_equal(info.page_size, 16384);
	assert_true(info.ignore_shared);
	assert_int_equal(info.zero_pages, 1);
}

/* Of a source that could switch to postcopy blocks of huge pages say so, the others do not. */
static void sizes_of_huge_pages_are_passed_by(void **state)
{
	(void)state;
	put_header(&made);
	put_number(&made, COMMAND, 1);
	put_number(&made, 3, 2);
	put_number(&made, 16, 2);
	put_number(&made, PAGE, 8);
	put_number(&made, PAGE, 8);
	put_start(&made, "ram");
	put_number(&made, 1025 * PAGE | MEM_SIZE, 8);
	put_block(&made, "huge", 512 * PAGE);
	put_number(&made, 512 * PAGE, 8);
	put_block(&made, "rom", PAGE);
	put_block(&made, "huge1", 512 * PAGE);
	put_number(&made, 512 * PAGE, 8);
	put_end_of_section(&made);
	put_end(&made);
	assert_reads();
	assert_int_equal(sunk.nr_blocks, 3);
	assert_string_equal(sunk.blocks[2].name, "huge1");
}

static void old_machines_have_neither_configuration_nor_footers(void **state)
{
	(void)state;
	made.len = 0;
	put(&made, "QEVM", 4);
	put_number(&made, 3, 4);
	put_start(&made, "ram");
	put_number(&made, PAGE | MEM_SIZE, 8);
	put_block(&made, "ram0", PAGE);
	put_number(&made, EOS, 8);
	put_section(&made, END);
	put_page(&made, "ram0", 0, 1);
	put_number(&made, EOS, 8);
	put_number(&made, DEVICE, 1);
	assert_int_equal(read_some(made.len, 0), 0);
	assert_page(0, 0, 1);
}

static void what_follows_ram_is_not_read(void **state)
{
	(void)state;
	put_setup(&made);
	put_end(&made);
	put(&made, "\x04 whatever a device has", 23);
	assert_int_equal(read_some(made.len, 0), 0);
}

/* --- mapped-ram --- */

/* Two blocks of 16 pages; pages 1, 2 and 15 of the second are not zero. */
static void put_mapped(struct made *m)
{
	put_header(m);
	put_subsection(m, "configuration/capabilities");
	put_number(m, 1, 4);
	put_string(m, "mapped-ram");
	put_start(m, "ram");
	put_number(m, 32 * PAGE | MEM_SIZE, 8);
	for (int block = 0; block < 2; block++) {
		size_t pages = m->len < 100 << 10 ? 100 << 10 : 400 << 10;

		put_block(m, block ? "ram1" : "ram0", 16 * PAGE);
		put_number(m, 1, 4);
		put_number(m, PAGE, 8);
		put_number(m, m->len + 16, 8);
		put_number(m, pages, 8);
		put(m, block ? "\x06\x80\0\0\0\0\0" : "\0\0\0\0\0\0\0", 8);
		memset(m->data + pages + PAGE, 0x77, PAGE);
		memset(m->data + pages + 2 * PAGE, 0x78, PAGE);
		memset(m->data + pages + 15 * PAGE, 0x79, PAGE);
		m->len = pages + 16 * PAGE;
	}
	put_end_of_section(m);
	put_end(m);
}

static void a_mapped_file_is_read_by_its_bitmap(void **state)
{
	(void)state;
	put_mapped(&made);
	assert_int_equal(read_file(made.len), 0);
	assert_true(info.mapped_ram);
	assert_int_equal(info.payload_pages, 3);
	assert_int_equal(info.zero_pages, 29);
	assert_int_equal(sunk.zero_calls, 3);
	assert_page(0, 1, 0);
	assert_page(1, 0, 0);
	assert_page(1, 1, 0x77);
	assert_page(1, 2, 0x78);
	assert_page(1, 14, 0);
	assert_page(1, 15, 0x79);
}

static void a_mapped_file_cannot_come_out_of_a_pipe(void **state)
{
	(void)state;
	put_mapped(&made);
	assert_int_equal(read_some(made.len, 0), -ENOTSUP);
	assert_non_null(strstr(error.text, "pipe"));
}

static void a_mapped_file_that_is_cut_off_says_so(void **state)
{
	(void)state;
	put_mapped(&made);
	for (size_t len = 0; len < made.len; len += len < 1024 ? 1 : 257)
		assert_int_equal(read_file(len), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_arrive),
		cmocka_unit_test(zero_pages_that_follow_each_other_are_one_range),
		cmocka_unit_test(a_delta_changes_what_is_there),
		cmocka_unit_test(a_source_with_a_return_path_is_answered),
		cmocka_unit_test(configuration_says_how_to_go_on),
		cmocka_unit_test(sizes_of_huge_pages_are_passed_by),
		cmocka_unit_test(old_machines_have_neither_configuration_nor_footers),
		cmocka_unit_test(what_follows_ram_is_not_read),
		cmocka_unit_test(a_mapped_file_is_read_by_its_bitmap),
		cmocka_unit_test(a_mapped_file_cannot_come_out_of_a_pipe),
		cmocka_unit_test(a_mapped_file_that_is_cut_off_says_so),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	sunk__clear(&sunk);
	return failed;
}
