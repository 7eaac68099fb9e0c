// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reader of streams, by streams made here byte by byte: what it hands on, and where and how it
 * says that something is wrong. Every stream is read in one piece, byte by byte, and cut off at
 * each of its bytes.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "stream/xbzrle.h"
#include "stream_bytes.h"
#include "stream_made.h"

/* --- reading --- */

static struct made made;
static struct sunk sunk = {.most = 64 << 20, .keep = true};
static struct stream_info info;
static struct stream_error error;
static uint8_t replies[256];
static size_t nr_replies;

static int keep_reply(void *opaque, const void *buffer, size_t len)
{
	(void)opaque;
	assert_true(nr_replies + len <= sizeof(replies));
	memcpy(replies + nr_replies, buffer, len);
	nr_replies += len;
	return 0;
}

static int read_some(size_t len, size_t at_once, bool seekable)
{
	struct bytes bytes = {.data = made.data, .len = len, .at_once = at_once};
	struct stream_source source = {
		.read = bytes__read, .reply = keep_reply, .opaque = &bytes, .seekable = seekable};
	struct stream_sink sink = sunk__sink(&sunk);

	sunk__clear(&sunk);
	nr_replies = 0;
	memset(&error, 0, sizeof(error));
	return stream__read(&source, &sink, &info, &error);
}

/* In whatever pieces it comes, and not without its last byte. */
static void assert_reads(void)
{
	for (size_t len = 0; len < made.len; len++) {
		assert_int_equal(read_some(len, 0, false), -ENODATA);
		assert_int_equal(error.offset, len);
	}
	assert_int_equal(read_some(made.len, 1, false), 0);
	assert_int_equal(read_some(made.len, 0, false), 0);
}

static void assert_fails(int err, uint64_t offset, const char *words)
{
	assert_int_equal(read_some(made.len, 0, false), err);
	assert_int_equal(error.offset, offset);
	if (!strstr(error.text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, error.text);
}

static void assert_page(unsigned int block, uint64_t page, uint8_t value)
{
	for (size_t i = 0; i < PAGE; i++)
		assert_int_equal(sunk.blocks[block].memory[page * PAGE + i], value);
}

/* --- what is well formed --- */

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

static void put_subsection(struct made *m, const char *name)
{
	put_number(m, SUBSECTION, 1);
	put_string(m, name);
	put_number(m, 1, 4);
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
	assert_int_equal(read_some(made.len, 0, false), 0);
	assert_page(0, 0, 1);
}

static void what_follows_ram_is_not_read(void **state)
{
	(void)state;
	put_setup(&made);
	put_end(&made);
	put(&made, "\x04 whatever a device has", 23);
	assert_int_equal(read_some(made.len, 0, false), 0);
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
	assert_int_equal(read_some(made.len, 0, true), 0);
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
	assert_int_equal(read_some(made.len, 0, false), -ENOTSUP);
	assert_non_null(strstr(error.text, "pipe"));
}

static void a_mapped_file_that_is_cut_off_says_so(void **state)
{
	(void)state;
	put_mapped(&made);
	for (size_t len = 0; len < made.len; len += len < 1024 ? 1 : 257)
		assert_int_equal(read_some(len, 0, true), -ENODATA);
}

/* --- what is not --- */

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

/* --- long runs of zero pages --- */

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
	int err = read_some(made.len, 1, false);
	struct stream_error alone = error;
	struct stream_info alone_info = info;
	size_t pages = sunk.nr_blocks ? sunk.blocks[0].length / sunk__page(&sunk) : 0;
	uint8_t *states = malloc(pages + 1);

	assert_non_null(states);
	if (pages)
		memcpy(states, sunk.blocks[0].states, pages);
	assert_int_equal(read_some(made.len, 0, false), err);
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
		cmocka_unit_test(other_files_are_told_apart),
		cmocka_unit_test(what_is_not_supported_is_named),
		cmocka_unit_test(sections_that_cannot_be_passed_by_are_named),
		cmocka_unit_test(multifd_is_named_when_ram_is_over),
		cmocka_unit_test(pages_that_lie_nowhere_are_refused),
		cmocka_unit_test(blocks_that_do_not_add_up_are_refused),
		cmocka_unit_test(footers_belong_to_their_section),
		cmocka_unit_test(damaged_deltas_write_nothing_beyond),
		cmocka_unit_test_teardown(long_runs_are_one_range, keep_again),
		cmocka_unit_test_teardown(a_run_ends_where_a_record_differs, keep_again),
		cmocka_unit_test_teardown(an_offset_that_wraps_begins_another_run, keep_again),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	sunk__clear(&sunk);
	return failed;
}
